// A store on disk for tests that look at its files, and what they do to them.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "broker/store/sqlite_store.h"
#include "broker/store/store_inspection.h"

namespace zonda {

extern const std::string kArguments;  // values in it, each there once
extern const std::string kOutcome;

// Closed, with some of everything.
void make_small_store(const std::string& path);
std::unique_ptr<SqliteStore> open_store(const std::string& path);

std::string read_file(const std::string& path);
void write_file(const std::string& path, const std::string& bytes);
std::map<std::string, std::string> files_of(const std::string& path);  // but the lock
// Damages one occurrence of a text in the database.
void damage(const std::string& path, const std::string& text);

std::string text_of(const StoreReport& report);

}  // namespace zonda
