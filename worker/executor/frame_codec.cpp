// The heads of frames.
#include <zonda/detail/handler.h>
#include <zonda/detail/reader.h>

#include <cstring>
#include <msgpack.hpp>

#include "worker/executor/channel.h"

namespace zonda {
namespace {

using Packer = msgpack::packer<detail::Output>;
using detail::DecodeError;
using detail::Reader;

void expect_fields(Reader& reader, std::uint32_t fields) {
  if (reader.array() < fields) throw DecodeError("too few fields");  // more are from a later minor version
}

JobId read_job(Reader& reader) {
  JobId job;
  const std::string_view bytes = reader.binary();
  if (bytes.size() != job.bytes.size()) throw DecodeError("a job id has 16 bytes");
  std::memcpy(job.bytes.data(), bytes.data(), bytes.size());
  return job;
}

std::string_view take_front(std::string_view& bytes, std::uint64_t size) {
  if (size > bytes.size()) throw DecodeError("the body ends too early");
  const std::string_view front = bytes.substr(0, size);
  bytes.remove_prefix(size);
  return front;
}

}  // namespace

std::string encode_head(const HelloFrame& hello) {
  detail::Output out;
  Packer packer(out);
  packer.pack_array(2).pack_uint32(hello.protocol);
  packer.pack_array(static_cast<std::uint32_t>(hello.functions.size()));
  for (const auto& [name, signature] : hello.functions) packer.pack_array(2).pack(name).pack(signature);
  return std::move(out.bytes());
}

HelloFrame decode_hello(const Frame& frame) {
  Reader reader(frame.head);
  expect_fields(reader, 2);
  HelloFrame hello;
  hello.protocol = reader.integer<std::uint32_t>();
  for (std::uint32_t left = reader.array(); left > 0; --left) {
    expect_fields(reader, 2);
    const std::string_view name = reader.text();
    hello.functions.emplace_back(name, reader.text());
  }
  return hello;
}

std::string encode_head(const WorkFrame& frame) {
  detail::Output out;
  Packer packer(out);
  const WorkInfo& work = frame.work;
  packer.pack_array(8).pack_uint32(work.sequence).pack_uint32(frame.function);
  packer.pack_bin(16).pack_bin_body(reinterpret_cast<const char*>(work.job.bytes.data()), 16);
  packer.pack_uint64(work.first).pack_uint64(work.token.epoch).pack_uint64(work.token.lease);
  packer.pack_uint32(work.attempt).pack_uint32(frame.arguments.count());
  return std::move(out.bytes());
}

WorkFrame decode_work(const Frame& frame) {
  Reader reader(frame.head);
  expect_fields(reader, 8);
  WorkFrame out;
  out.work.sequence = reader.integer<std::uint32_t>();
  out.function = reader.integer<std::uint32_t>();
  out.work.job = read_job(reader);
  out.work.first = reader.integer<std::uint64_t>();
  out.work.token.epoch = reader.integer<std::uint64_t>();
  out.work.token.lease = reader.integer<std::uint64_t>();
  out.work.attempt = reader.integer<std::uint32_t>();
  const auto count = reader.integer<std::uint32_t>();
  std::string_view body = frame.body;
  out.arguments.lengths = take_front(body, 4 * std::uint64_t{count});
  out.arguments.payloads = body;
  if (!out.arguments.consistent()) throw DecodeError("lengths do not add up");
  return out;
}

std::string encode_head(const OutcomeBatchView& batch) {
  detail::Output out;
  Packer packer(out);
  packer.pack_array(6).pack_uint32(batch.sequence).pack_uint32(batch.first).pack_uint32(batch.count);
  packer.pack(batch.last).pack_int64(batch.busy.count()).pack(!batch.kinds.empty());
  return std::move(out.bytes());
}

OutcomeBatchView decode_finished(const Frame& frame) {
  Reader reader(frame.head);
  expect_fields(reader, 6);
  OutcomeBatchView batch;
  batch.sequence = reader.integer<std::uint32_t>();
  batch.first = reader.integer<std::uint32_t>();
  batch.count = reader.integer<std::uint32_t>();
  batch.last = reader.boolean();
  batch.busy = std::chrono::nanoseconds(reader.integer<std::int64_t>());
  const bool has_kinds = reader.boolean();
  std::string_view body = frame.body;
  if (has_kinds) batch.kinds = take_front(body, batch.count);
  batch.lengths = take_front(body, 4 * std::uint64_t{batch.count});
  batch.payloads = body;
  return batch;
}

std::string encode_head(const OutputFrame& output) {
  detail::Output out;
  Packer packer(out);
  packer.pack_array(4).pack_uint32(output.sequence).pack_uint32(output.at);
  packer.pack_uint8(output.stream).pack_uint64(output.offset);
  return std::move(out.bytes());
}

OutputFrame decode_output(const Frame& frame) {
  Reader reader(frame.head);
  expect_fields(reader, 4);
  OutputFrame output;
  output.sequence = reader.integer<std::uint32_t>();
  output.at = reader.integer<std::uint32_t>();
  output.stream = reader.integer<std::uint8_t>();
  output.offset = reader.integer<std::uint64_t>();
  output.bytes = frame.body;
  return output;
}

}  // namespace zonda
