// The maps of zonda.exec.
#include <zonda/detail/codec_scalar.h>
#include <zonda/detail/reader.h>

#include <algorithm>
#include <msgpack.hpp>

#include "proto/report.h"
#include "worker/executor/exec_function.h"
#include "worker/executor/outcome.h"

namespace zonda {
namespace {

using Packer = msgpack::packer<detail::Output>;
using detail::DecodeError;
using detail::Reader;

void pack_bytes(Packer& packer, std::string_view bytes) {
  const auto size = static_cast<std::uint32_t>(bytes.size());
  packer.pack_bin(size).pack_bin_body(bytes.data(), size);
}

std::string read_bytes(Reader& reader) {
  return std::string(reader.next_is_text() ? reader.text() : reader.binary());
}

std::string read_c_string(Reader& reader) {
  std::string text = read_bytes(reader);
  if (text.find('\0') != text.npos) throw DecodeError("a zero byte in an argument, variable or path");
  return text;
}

void read_env(Reader& reader, ExecRequest& request) {
  for (std::uint32_t left = reader.map(); left > 0; --left) {
    std::string name = read_c_string(reader);
    if (name.empty() || name.find('=') != name.npos) throw DecodeError("not a name of a variable");
    request.env.emplace_back(std::move(name), read_c_string(reader));
  }
}

void read_request_field(Reader& reader, std::string_view key, ExecRequest& request) {
  if (key == "argv") {
    for (std::uint32_t left = reader.array(); left > 0; --left) request.argv.push_back(read_c_string(reader));
  } else if (key == "shell")
    request.shell = reader.boolean();
  else if (key == "env")
    read_env(reader, request);
  else if (key == "cwd")
    request.cwd = read_c_string(reader);
  else if (key == "cwd_required")
    request.cwd_required = reader.boolean();
  else if (key == "stdin")
    request.input = read_bytes(reader);
  else if (key == "index")
    request.index = reader.integer<std::uint64_t>();
  else if (key == "live")
    request.live = reader.boolean();
  else if (key == "keep_bytes")
    request.keep_bytes = reader.integer<std::uint64_t>();
  else if (key == "stop_grace_ms") {
    request.stop_grace =
        std::chrono::milliseconds(std::min<std::uint64_t>(reader.integer<std::uint64_t>(), 5000));
  } else {
    reader.skip();
  }
}

void read_result_field(Reader& reader, std::string_view key, ExecResult& result) {
  if (key == "exit_code")
    result.exit_code = reader.integer<int>();
  else if (key == "signal")
    result.signal = reader.integer<int>();
  else if (key == "stdout")
    result.stdout_bytes = read_bytes(reader);
  else if (key == "stderr")
    result.stderr_bytes = read_bytes(reader);
  else if (key == "stdout_cut")
    result.stdout_cut = reader.boolean();
  else if (key == "stderr_cut")
    result.stderr_cut = reader.boolean();
  else if (key == "stdout_total")
    result.stdout_total = reader.integer<std::uint64_t>();
  else if (key == "stderr_total")
    result.stderr_total = reader.integer<std::uint64_t>();
  else if (key == "cwd")
    result.cwd = read_bytes(reader);
  else if (key == "scratch")
    result.scratch = reader.boolean();
  else if (key == "seconds")
    result.seconds = reader.number();
  else if (key == "peak_rss_bytes")
    result.peak_rss_bytes = reader.integer<std::uint64_t>();
  else if (key == "epoch")
    result.token.epoch = reader.integer<std::uint64_t>();
  else if (key == "lease")
    result.token.lease = reader.integer<std::uint64_t>();
  else
    reader.skip();
}

}  // namespace

std::string encode_exec_arguments(const ExecRequest& request) {
  detail::Output out;
  Packer packer(out);
  packer.pack_array(1).pack_map(7 + (request.cwd_required ? 1 : 0) + (request.input ? 1 : 0) +
                                (request.index ? 1 : 0));
  packer.pack("argv").pack_array(static_cast<std::uint32_t>(request.argv.size()));
  for (const std::string& word : request.argv) pack_bytes(packer, word);
  packer.pack("shell").pack(request.shell);
  packer.pack("env").pack_map(static_cast<std::uint32_t>(request.env.size()));
  for (const auto& [name, value] : request.env) {
    pack_bytes(packer, name);
    pack_bytes(packer, value);
  }
  packer.pack("cwd");
  pack_bytes(packer, request.cwd);
  if (request.cwd_required) packer.pack("cwd_required").pack(true);
  packer.pack("live").pack(request.live);
  packer.pack("keep_bytes").pack_uint64(request.keep_bytes);
  packer.pack("stop_grace_ms").pack_int64(request.stop_grace.count());
  if (request.input) {
    packer.pack("stdin");
    pack_bytes(packer, *request.input);
  }
  if (request.index) packer.pack("index").pack_uint64(*request.index);
  return std::move(out.bytes());
}

ExecRequest decode_exec_arguments(std::string_view arguments) {
  Reader reader(arguments);
  if (reader.array() != 1) throw DecodeError("zonda.exec takes one map");
  ExecRequest request;
  for (std::uint32_t left = reader.map(); left > 0; --left) {
    const std::string_view key = reader.text();
    read_request_field(reader, key, request);
  }
  reader.expect_end();
  if (request.argv.empty()) throw DecodeError("zonda.exec needs argv");
  return request;
}

std::string encode_exec_result(const ExecResult& result) {
  detail::Output out;
  Packer packer(out);
  packer.pack_map(14);
  packer.pack("exit_code").pack_int(result.exit_code);
  packer.pack("signal").pack_int(result.signal);
  packer.pack("stdout");
  pack_bytes(packer, result.stdout_bytes);
  packer.pack("stderr");
  pack_bytes(packer, result.stderr_bytes);
  packer.pack("stdout_cut").pack(result.stdout_cut);
  packer.pack("stderr_cut").pack(result.stderr_cut);
  packer.pack("stdout_total").pack_uint64(result.stdout_total);
  packer.pack("stderr_total").pack_uint64(result.stderr_total);
  packer.pack("cwd");
  pack_bytes(packer, result.cwd);
  packer.pack("scratch").pack(result.scratch);
  packer.pack("seconds");
  detail::pack_float(packer, result.seconds);
  packer.pack("peak_rss_bytes").pack_uint64(result.peak_rss_bytes);
  packer.pack("epoch").pack_uint64(result.token.epoch);
  packer.pack("lease").pack_uint64(result.token.lease);
  return std::move(out.bytes());
}

ExecResult decode_exec_result(std::string_view bytes) {
  Reader reader(bytes);
  ExecResult result;
  for (std::uint32_t left = reader.map(); left > 0; --left) {
    const std::string_view key = reader.text();
    read_result_field(reader, key, result);
  }
  reader.expect_end();
  return result;
}

std::optional<ExecResult> exec_result_of(std::string_view report_bytes) {
  const std::string_view bytes = result_of_report(report_bytes);
  if (bytes.empty()) return std::nullopt;
  try {
    return decode_exec_result(bytes);
  } catch (const DecodeError&) {
    return std::nullopt;
  }
}

}  // namespace zonda
