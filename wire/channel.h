// How clients and workers connect to a controller.
#pragma once

#include <memory>
#include <string>

namespace grpc {
class Channel;
}

namespace fp4::wire {

// A channel to `address` ("host:port"), not encrypted. It connects with the first call, tries a
// lost controller again within 2 s, waits 15 s for one that is slow to accept, ignores web proxies
// (http_proxy), and takes answers of up to 64 MiB: documents and resolved tables are long.
// Thread-safe, as channels are.
std::shared_ptr<grpc::Channel> OpenChannel(const std::string& address);

}  // namespace fp4::wire
