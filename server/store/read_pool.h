// Threads that read, each with a connection of its own.
#pragma once

#include <deque>
#include <filesystem>
#include <functional>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "server/store/connection.h"
#include "server/store/reader.h"

namespace fp4::store {

// Thread-safe.
class ReadPool {
 public:
  // The database exists. Throws SQLite::Exception.
  ReadPool(const std::filesystem::path& file, int num_threads);
  // Closes it.
  ~ReadPool();

  // Dropped after Close.
  void Run(std::function<void(Reader&)> read);

  // Finishes what runs; what waits is dropped. By its owner.
  void Close();

 private:
  void Serve(Connection& connection);

  Mutex mutex_;
  CondVar changed_;
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<std::function<void(Reader&)>> waiting_ ABSL_GUARDED_BY(mutex_);
  std::deque<Connection> connections_;
  std::vector<std::thread> threads_;
};

}  // namespace fp4::store
