#pragma once

#include <memory>
#include <string>

#include "worker/controller_client.h"
#include "worker/mailbox.h"

namespace fp4::worker {

// Over gRPC, without transport security (the daemon refuses addresses beyond loopback unless told).
// Reconnects by itself within two seconds of the controller's return. `mailbox` must outlive the
// object; the destructor ends what is in flight and waits for it.
std::unique_ptr<ControllerClient> MakeGrpcControllerClient(const std::string& address,
                                                           Mailbox& mailbox);

}  // namespace fp4::worker
