#pragma once

#include <memory>
#include <string>

#include "wire/channel_security.h"
#include "worker/controller_client.h"
#include "worker/mailbox.h"

namespace fp4::worker {

// Over gRPC, secured as `security` says (the daemon refuses plain text beyond loopback unless
// told). Reconnects by itself within two seconds of the controller's return. `mailbox` must outlive
// the object; the destructor ends what is in flight and waits for it.
std::unique_ptr<ControllerClient> MakeGrpcControllerClient(const std::string& address,
                                                           const wire::ChannelSecurity& security,
                                                           Mailbox& mailbox);

}  // namespace fp4::worker
