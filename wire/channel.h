// How clients and workers connect to a controller.
#pragma once

#include <memory>
#include <string>

#include "wire/channel_security.h"

namespace grpc {
class Channel;
}

namespace fp4::wire {

// A channel to `address` ("host:port"), encrypted where `security` says so: the controller's
// certificate must be good for the host. Its token goes with each call. It connects with the first
// call, tries a lost controller again within 2 s, waits 15 s for one that is slow to accept,
// ignores web proxies (http_proxy), and takes answers of up to 64 MiB: documents and resolved
// tables are long. Thread-safe, as channels are.
std::shared_ptr<grpc::Channel> OpenChannel(const std::string& address,
                                           const ChannelSecurity& security = {});

}  // namespace fp4::wire
