#ifdef __linux__
#include "late_edges.h"

#include <algorithm>

#include "kernel_call.h"

namespace iocp_net::test {

LateEdges& LateEdges::Instance() {
  static LateEdges edges;
  return edges;
}

void LateEdges::OnGone(int fd) {
  watched_.erase(fd);
  std::erase_if(owed_, [fd](const Owed& owed) { return owed.fd == fd; });
  std::erase_if(watched_, [fd](const auto& one) { return one.second.set == fd; });
  std::erase_if(kept_, [fd](const Kept& kept) { return kept.set == fd; });
}

void LateEdges::PayOwed(bool all) {
  std::erase_if(owed_, [&](Owed& owed) {
    if (!all && owed.waits-- > 0) return false;
    const auto found = watched_.find(owed.fd);
    if (found == watched_.end()) return true;
    auto& [set, event] = found->second;
    // Fails where the registration is gone, and then nothing is owed.
    static_cast<void>(Kernel(SYS_epoll_ctl, set, EPOLL_CTL_MOD, owed.fd, Word(&event)));
    return true;
  });
}

int LateEdges::ReportKept(bool all, int set, epoll_event* events, int events_max) {
  int count = 0;
  std::erase_if(kept_, [&](Kept& kept) {
    if (kept.set != set || count == events_max) return false;
    if (!all && --kept.waits > 0) return false;
    events[count++] = kept.event;
    return true;
  });
  return count;
}

int LateEdges::Wait(Injector* injector, int set, epoll_event* events, int events_max,
                    int timeout_ms) {
  PayOwed(injector == nullptr);
  const int late = ReportKept(injector == nullptr, set, events, events_max);
  const bool sleeps = late == 0 && owed_.empty() && kept_.empty();
  const long result = Answered(Kernel(SYS_epoll_pwait, set, Word(events + late), events_max - late,
                                      sleeps ? timeout_ms : 0, 0, 8));
  if (result < 0) return late > 0 ? late : -1;
  if (injector == nullptr) return late + static_cast<int>(result);
  int count = late;
  for (int i = late; i < late + static_cast<int>(result); i++) {
    if (const uint32_t waits = injector->Late(); waits > 0) {
      kept_.push_back({set, events[i], waits});
    } else {
      events[count++] = events[i];
    }
  }
  return count;
}

}  // namespace iocp_net::test
#endif  // __linux__
