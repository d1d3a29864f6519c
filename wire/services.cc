#include "wire/services.h"

#include <google/protobuf/descriptor.h>

#include "absl/strings/str_cat.h"
#include "fp4/v1/service_files.h"

namespace fp4::wire {
namespace {

using google::protobuf::FileDescriptor;
using google::protobuf::ServiceDescriptor;

std::vector<const ServiceDescriptor*> FindServices() {
  std::vector<const ServiceDescriptor*> services;
  for (const FileDescriptor* file : v1::ServiceFiles()) {
    for (int i = 0; i < file->service_count(); ++i) services.push_back(file->service(i));
  }
  return services;
}

}  // namespace

std::span<const ServiceDescriptor* const> Services() {
  static const auto* const services = new std::vector<const ServiceDescriptor*>(FindServices());
  return *services;
}

std::vector<std::string> MethodNames() {
  std::vector<std::string> names;
  for (const ServiceDescriptor* service : Services()) {
    for (int i = 0; i < service->method_count(); ++i) {
      names.push_back(absl::StrCat(service->name(), "/", service->method(i)->name()));
    }
  }
  return names;
}

std::string FullMethodName(const std::string& method) { return absl::StrCat("/fp4.v1.", method); }

}  // namespace fp4::wire
