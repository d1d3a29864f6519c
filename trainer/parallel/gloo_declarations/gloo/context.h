// Gloo's names as far as <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp> needs them: LibTorch's
// wheel has Gloo in its library, and that header, but none of Gloo's own. The class holds Gloo's
// objects by pointer only, so that no layout here has to agree with the library's; destructors are
// declared and not defined, so that no table of virtual functions is made here. Nothing else may
// include these files (trainer/parallel/gloo.cc alone does).
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace gloo {

class Context {
 public:
  void setTimeout(std::chrono::milliseconds timeout);
};

namespace transport {

class Device;

class UnboundBuffer {
 public:
  virtual ~UnboundBuffer();
};

}  // namespace transport

namespace rendezvous {

class Store {
 public:
  virtual ~Store();
  virtual void set(const std::string& key, const std::vector<char>& data) = 0;
  virtual std::vector<char> get(const std::string& key) = 0;
  virtual void wait(const std::vector<std::string>& keys) = 0;
  virtual void wait(const std::vector<std::string>& keys,
                    const std::chrono::milliseconds& timeout) = 0;
};

}  // namespace rendezvous
}  // namespace gloo
