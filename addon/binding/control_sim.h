// What specs ask of the simulated kernel: `simulation` among the addon's exports, in the build over
// addon/sim alone.
#ifndef IOCP_NET_BINDING_CONTROL_SIM_H_
#define IOCP_NET_BINDING_CONTROL_SIM_H_

#include <napi.h>

namespace iocp_net {

// Makes the kernel that this thread's engine runs on.
Napi::Object SimulationControl(Napi::Env env);

}  // namespace iocp_net

#endif  // IOCP_NET_BINDING_CONTROL_SIM_H_
