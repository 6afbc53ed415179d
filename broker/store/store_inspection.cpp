#include "broker/store/store_inspection.h"

#include <sys/stat.h>

#include "broker/store/store_backup.h"
#include "broker/store/store_error.h"

namespace zonda {
namespace {

// Without a log nobody has to write, and then nothing is.
Database::Access access_of(const DataDirectory& directory) {
  struct stat status {};
  const bool has_log = stat((directory.database() + "-wal").c_str(), &status) == 0 && status.st_size > 0;
  return has_log ? Database::Access::Write : Database::Access::ReadAlone;
}

}  // namespace

StoreReport verify_store(const std::string& path) {
  DataDirectory directory = DataDirectory::open_damaged(path);
  StoreReport report;
  Findings findings;
  try {
    directory.look();
    Database database(directory.database(), access_of(directory));
    RowTable table(database);
    StoreRows rows;
    report.state = table.state();
    check_head(directory.path(), table.state(), HeadFile::read(directory.head()), findings);
    check_pages(database, findings);
    check_rows(table, Payloads::Check, rows, findings);
    report.jobs = rows.jobs.size();
  } catch (const StoreError& error) {
    findings.add(error.what());
  }
  report.wrong = findings.list();
  report.wrong_count = findings.count();
  return report;
}

void backup_store(const std::string& path, const std::string& to) {
  const DataDirectory directory = DataDirectory::open_existing(path);
  Database database(directory.database(), access_of(directory));
  RowTable table(database);
  Findings findings;
  check_head(directory.path(), table.state(), HeadFile::read(directory.head()), findings);
  if (!findings.empty()) throw StoreError("the store in " + path + " is damaged: " + findings.text());
  StoreBackup backup(database, StoreBackup::make_directory(to));
  while (!backup.step()) {
  }
  backup.close(table.state());
  backup.finish(std::atomic<bool>(false));
}

}  // namespace zonda
