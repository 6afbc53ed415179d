#include "cli/views.h"

#include <cmath>
#include <cstdio>
#include <ctime>
#include <sstream>

#include "command_line/duration.h"

namespace zonda::cli {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

std::string number(const Json& object, const std::string& name) { return text_of(object, name); }

// Six digits say enough to people; programs get them all.
std::string format_number(double value) {
  char text[64];
  std::snprintf(text, sizeof text, std::abs(value) < 1e6 ? "%.6g" : "%.0f", value);
  return text;
}

bool is_duration(const std::string& name) {
  return name == "age" || name == "seconds" || name.ends_with("_seconds");
}

std::string shown(const std::string& name, const Json& value) {
  if (value.is_null()) return "";
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number() && is_duration(name)) return format_age(value.get<double>());
  return value.is_number_float() ? format_number(value.get<double>()) : to_text(value);
}

// "a=1 b=2", or the entries of a list with commas.
std::string compact(const Json& object, const std::string& name) {
  const auto at = object.find(name);
  if (at == object.end() || at->is_null()) return "";
  std::string text;
  for (const auto& [key, value] : at->items()) {
    text += text.empty() ? "" : at->is_array() ? "," : " ";
    text += at->is_array() ? shown("", value) : key + "=" + shown("", value);
  }
  return text;
}

Fields all_fields(const Json& thing) {
  Fields fields;
  for (const auto& [name, value] : thing.items())
    fields.emplace_back(name, value.is_structured() ? compact(thing, name) : shown(name, value));
  return fields;
}

// Like other things, but each attempt and each line that was written is a line of its own.
Fields task_fields(const Json& task) {
  Fields fields;
  for (auto& field : all_fields(task)) {
    if (field.first == "history") {
      for (const Json& attempt : task["history"]) fields.emplace_back("history", attempt_line(attempt));
    } else if (field.first == "stderr_tail") {
      std::istringstream lines(field.second);
      for (std::string line; std::getline(lines, line);) fields.emplace_back("stderr_tail", line);
    } else {
      fields.push_back(std::move(field));
    }
  }
  return fields;
}

std::string age_of(const Json& object, const std::string& name) {
  const auto at = object.find(name);
  if (at == object.end() || !at->is_number()) return "";
  return format_age(at->get<double>());
}

// Seconds since a time that the broker gave; clocks may differ, so never negative.
Json seconds_since(const Json& from, const Json& to) {
  if (!from.is_number()) return nullptr;
  timespec clock{};
  clock_gettime(CLOCK_REALTIME, &clock);
  const double now = static_cast<double>(clock.tv_sec) + static_cast<double>(clock.tv_nsec) / 1e9;
  const double end = to.is_number() ? to.get<double>() : now;
  return std::max(0.0, end - from.get<double>());
}

Json field_of(const Json& object, const std::string& name) { return object.value(name, Json()); }

}  // namespace

std::string attempt_line(const Json& attempt) {
  const std::string worker = attempt.value("worker", "");
  const std::string host = attempt.value("host", "");
  const std::string message = attempt.value("message", "");
  return shown("", attempt.value("number", Json())) + " " + attempt.value("kind", "") +
         (worker.empty() ? "" : " on " + worker) + (host.empty() ? "" : " (" + host + ")") +
         (message.empty() ? "" : ": " + message);
}

void finish_job(Json& job) {
  job["age"] = seconds_since(field_of(job, "submitted"), nullptr);
  job["seconds"] = seconds_since(field_of(job, "submitted"), field_of(job, "finished"));
  format_times(job, {"submitted", "started", "finished"});
}

void finish_worker(Json& worker) {
  worker["age"] = seconds_since(field_of(worker, "since"), nullptr);
  format_times(worker, {"since"});
}

ListView job_list_view() {
  return {"zonda.job.list/1",
          "jobs",
          [](const Json& job) { return text_of(job, "job"); },
          {{"JOB"},
           {"NAME"},
           {"FUNCTION"},
           {"STATE"},
           {"TASKS", Align::Right},
           {"DONE", Align::Right},
           {"FAILED", Align::Right},
           {"RUNNING", Align::Right},
           {"AGE", Align::Right}},
          [](const Json& job) {
            return std::vector<std::string>{
                text_of(job, "job"),   text_of(job, "name"),   text_of(job, "function"),
                text_of(job, "state"), number(job, "tasks"),   number(job, "done"),
                number(job, "failed"), number(job, "running"), age_of(job, "age")};
          }};
}

ThingView job_info_view() {
  return {"zonda.job.info/1", [](const Json& job) { return text_of(job, "job"); }, all_fields};
}

ListView task_list_view() {
  return {"zonda.task.list/1",
          "tasks",
          [](const Json& task) { return text_of(task, "job") + "/" + text_of(task, "index"); },
          {{"TASK"}, {"STATE"}, {"ATTEMPT", Align::Right}, {"WORKER"}},
          [](const Json& task) {
            return std::vector<std::string>{text_of(task, "job") + "/" + text_of(task, "index"),
                                            text_of(task, "state"), number(task, "attempt"),
                                            text_of(task, "worker")};
          }};
}

ThingView task_info_view() {
  return {"zonda.task.info/1",
          [](const Json& task) { return text_of(task, "job") + "/" + text_of(task, "index"); }, task_fields};
}

ListView worker_list_view() {
  return {"zonda.worker.list/1",
          "workers",
          [](const Json& worker) { return text_of(worker, "worker"); },
          {{"WORKER"},
           {"HOST"},
           {"STATE"},
           {"SLOTS", Align::Right},
           {"RUNNING", Align::Right},
           {"DONE", Align::Right},
           {"FAILED", Align::Right},
           {"QUEUES"},
           {"LABELS"},
           {"AGE", Align::Right}},
          [](const Json& worker) {
            return std::vector<std::string>{text_of(worker, "worker"), text_of(worker, "host"),
                                            text_of(worker, "state"),  number(worker, "slots"),
                                            number(worker, "running"), number(worker, "done"),
                                            number(worker, "failed"),  compact(worker, "queues"),
                                            compact(worker, "labels"), age_of(worker, "age")};
          }};
}

ThingView worker_info_view() {
  return {"zonda.worker.info/1", [](const Json& worker) { return text_of(worker, "worker"); }, all_fields};
}

ThingView status_view() {
  return {"zonda.status/1", [](const Json& status) { return text_of(status, "broker"); },
          [](const Json& status) {
            Fields fields{{"broker", text_of(status, "broker") + "  (" + text_of(status, "durability") +
                                         ", epoch " + text_of(status, "epoch") + ")"},
                          {"workers", text_of(status, "workers") + " with " + text_of(status, "slots") +
                                          " slots, " + text_of(status, "workers_draining") + " draining, " +
                                          text_of(status, "workers_lost") + " lost so far"},
                          {"clients", text_of(status, "clients")},
                          {"jobs", text_of(status, "jobs")}};
            if (status.value("disk_nearly_full", false))
              fields.emplace_back("disk", "nearly full: new jobs are refused");
            if (status.value("orphaned", std::uint64_t{0}) > 0)
              fields.emplace_back("orphaned",
                                  text_of(status, "orphaned") +
                                      " handed out before the broker started: their workers have a "
                                      "moment to come back");
            for (const char* name :
                 {"queued", "delayed", "running", "done", "failed", "cancelled", "retried", "lost"})
              fields.emplace_back(name, text_of(status, name));
            fields.emplace_back("rate", shown("", field_of(status, "tasks_per_second")) + " tasks/s");
            return fields;
          }};
}

}  // namespace zonda::cli
