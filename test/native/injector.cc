#include "injector.h"

#include <algorithm>
#include <atomic>
#include <thread>

namespace iocp_net::test {

namespace {

constexpr uint32_t kLateWaitsMax = 4;
// Errors that have not struck yet: some of the calls are rare.
constexpr uint32_t kUnknownFactor = 4;

std::atomic<Injector*> armed{nullptr};
std::thread::id armed_thread;  // written before `armed`

}  // namespace

std::string_view NameOf(Answer answer) {
  switch (answer) {
    case Answer::kCall:
      return "the call";
    case Answer::kConnected:
      return "connected";
    case Answer::kReceiveFailed:
      return "receive failed";
    case Answer::kSent:
      return "sent";
    case Answer::kShut:
      return "shut";
    case Answer::kAcceptFailed:
      return "accept failed";
    case Answer::kPool:
      return "the other accepts go on";
    case Answer::kRetried:
      return "made again";
    case Answer::kNobody:
      break;
  }
  return "goes on without";
}

Injector::Injector(uint64_t seed) : random_(seed), tallies_(FaultTable().size()) {
  for (size_t i = 0; i < FaultTable().size(); i++) rows_[FaultTable()[i].call].push_back(i);
}

const FaultRow* Injector::Strike(std::string_view call, int64_t native) {
  const auto found = rows_.find(call);
  if (found == rows_.end()) return nullptr;
  const std::vector<size_t>& rows = found->second;
  const bool unknown = std::any_of(rows.begin(), rows.end(),
                                   [this](size_t row) { return tallies_[row].struck == 0; });
  if (!random_.Chance(unknown ? kUnknownFactor * rates.errors : rates.errors)) return nullptr;
  const size_t from = random_.Below(rows.size());
  size_t least = rows[from];
  for (size_t i = 1; i < rows.size(); i++) {
    const size_t row = rows[(from + i) % rows.size()];
    if (tallies_[row].struck < tallies_[least].struck) least = row;
  }
  tallies_[least].struck++;
  struck_++;
  strikes_.push_back({least, native});
  return &FaultTable()[least];
}

uint32_t Injector::Late() {
  if (!random_.Chance(rates.late)) return 0;
  late_++;
  return static_cast<uint32_t>(random_.UpTo(kLateWaitsMax));
}

size_t Injector::Cut(size_t bytes) {
  if (bytes < 2 || !random_.Chance(rates.cut)) return bytes;
  cut_++;
  return random_.UpTo(bytes - 1);
}

std::vector<std::string> Injector::Missing() const {
  std::vector<std::string> missing;
  for (size_t i = 0; i < tallies_.size(); i++) {
    const FaultRow& row = FaultTable()[i];
    const bool silent = row.answer == Answer::kRetried || row.answer == Answer::kNobody ||
                        row.answer == Answer::kPool;
    if (tallies_[i].struck > 0 && (silent || !tallies_[i].reported.empty())) continue;
    missing.push_back(std::string(row.call) + " " + std::string(row.name) +
                      (tallies_[i].struck > 0 ? ": not reported" : ": has not struck"));
  }
  return missing;
}

Armed::Armed(Injector& injector, bool direct) {
  injector.for_pool = !direct;
  injector.probing = false;
  armed_thread = std::this_thread::get_id();
  armed.store(&injector, std::memory_order_release);
}

Armed::~Armed() { armed.store(nullptr, std::memory_order_release); }

Injector* ArmedInjector() {
  Injector* const injector = armed.load(std::memory_order_acquire);
  return injector != nullptr && armed_thread == std::this_thread::get_id() ? injector : nullptr;
}

}  // namespace iocp_net::test
