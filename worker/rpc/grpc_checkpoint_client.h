#pragma once

#include <memory>
#include <string>

#include "wire/channel_security.h"
#include "worker/checkpoints/checkpoint_client.h"

namespace fp4::worker {

// Over a connection of its own, so that bulk never delays a lease.
std::unique_ptr<CheckpointClient> MakeGrpcCheckpointClient(const std::string& address,
                                                           const wire::ChannelSecurity& security);

}  // namespace fp4::worker
