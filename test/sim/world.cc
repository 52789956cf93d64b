#include "world.h"

#include <algorithm>
#include <cstring>

#include "port/backend.h"

namespace iocp_net::test {

namespace {

constexpr int kDepthMax = 3;                  // of handlers that turn the loop themselves
constexpr size_t kScratchBytes = 512 * 1024;  // more than any message

template <typename T, size_t N>
T OneOf(sim::Random& random, const T (&values)[N]) {
  return values[random.Below(N)];
}

// A kind of fault is there in every second world, and then seldom or often.
uint32_t SometimesAt(sim::Random& random) {
  return OneOf<uint32_t>(random, {0, 0, 0, 200, 2'000, 16'000});
}

sim::Faults FaultsOf(uint64_t seed) {
  sim::Random random(seed ^ 0x5eed);
  sim::Faults faults;
  if (random.Chance(4096)) return faults;
  faults.errors = OneOf<uint32_t>(random, {0, 0, 50, 500, 3'000});
  faults.losses = OneOf<uint32_t>(random, {0, 0, 20, 200});
  faults.would_block = SometimesAt(random);
  faults.short_receive = SometimesAt(random);
  faults.short_send = SometimesAt(random);
  faults.late = SometimesAt(random);
  faults.late_events = SometimesAt(random);
  faults.spurious_events = SometimesAt(random);
  faults.reordered_events = random.Chance(32768);
  constexpr uint32_t kBuffers[] = {64, 1'000, 10'000, 64 * 1024, 256 * 1024};
  faults.send_bytes_max = OneOf(random, kBuffers);
  faults.receive_bytes_max = OneOf(random, kBuffers);
  if (random.Chance(6'000)) faults.descriptors_max = static_cast<int32_t>(4 + random.Below(40));
  return faults;
}

struct Memory {
  std::vector<int32_t> control = std::vector<int32_t>(kControlWords);
  std::vector<double> counters = std::vector<double>(kCounterCount);
  std::vector<uint8_t> slab = std::vector<uint8_t>(kSlabBytes);
  std::vector<uint8_t> arena = std::vector<uint8_t>(kArenaBytes);
  std::vector<uint8_t> scratch = std::vector<uint8_t>(kScratchBytes);
};

Memory& Lasting() {
  static Memory memory;
  return memory;
}

}  // namespace

World::World(uint64_t seed)
    : kernel_(seed, FaultsOf(seed)),
      control_(Lasting().control),
      counters_(Lasting().counters),
      slab_(Lasting().slab),
      arena_(Lasting().arena),
      scratch_(Lasting().scratch) {
  sim::Random random(seed ^ 0x3013d);
  sim::Kernel::Current() = &kernel_;
#ifdef IOCP_NET_SIM
  Backend::style = random.Chance(32768) ? Backend::Style::kReadiness : Backend::Style::kCompletion;
  Backend::kAnswersInOrder = random.Chance(32768);
#endif
  owners_max_ = OneOf<size_t>(random, {4, 12, 12, 48, 48, 300});
  handlers_ = OneOf<uint32_t>(random, {0, 6'000, 20'000});
  throws_ = OneOf<uint32_t>(random, {0, 0, 500, 8'000});
  partial_ = OneOf<uint32_t>(random, {0, 0, 4'000, 20'000});
  const size_t buffers =
      std::min(kernel_.faults().send_bytes_max, kernel_.faults().receive_bytes_max);
  length_max_ =
      std::min<size_t>(OneOf<size_t>(random, {100, 4'000, 100'000, 400'000}), buffers * 32);
  OpenEngine();
}

World::~World() {
  engine_.reset();
  sim::Kernel::Current() = nullptr;
}

void World::OpenEngine() {
  std::fill(control_.begin(), control_.end(), 0);
  std::fill(counters_.begin(), counters_.end(), 0);
  completions_ += delivered_;
  delivered_ = 0;
  SharedMemory memory;
  memory.control = control_.data();
  memory.counters = counters_.data();
  memory.slab = slab_.data();
  memory.arena = arena_.data();
  const uint32_t errors = kernel_.faults().errors;
  for (;;) {
    engine_ = std::make_unique<Engine>();
    if (engine_->Open(memory) == kOk) break;
    kernel_.faults().errors = 0;
  }
  kernel_.faults().errors = errors;
}

void World::AddTo(Figures* figures) const {
  figures->worlds++;
  figures->steps += steps_;
  figures->completions += completions_ + delivered_;
  figures->connections += kernel_.connection_count();
  figures->bytes += kernel_.bytes_moved();
  figures->faults += kernel_.fault_count();
}

void World::Run(const Program& program) {
  for (const ProgramStep& step : program.steps) {
    sim::Random random(step.salt);
    kernel_.Reseed(random.Next());
    Take(step.step, random);
    steps_++;
  }
  sim::Random random(program.seed);
  kernel_.Reseed(random.Next());
  EndWorld(random.Chance(16'384));
}

Owner& World::AddOwner(int32_t index, int32_t generation) {
  if (index < 0 || generation <= 0) Fail("a new endpoint has no name");
  const auto at = static_cast<size_t>(index);
  if (at >= by_index_.size()) by_index_.resize(at + 1);
  if (by_index_[at] != nullptr) Fail("two endpoints at index ", index);
  owners_.push_back(std::make_unique<Owner>());
  Owner& owner = *owners_.back();
  owner.serial = next_serial_++;
  owner.index = index;
  owner.generation = generation;
  by_index_[at] = &owner;
  const sim::Socket* const socket = SocketOf(owner);
  if (socket == nullptr) Fail("a new endpoint has no socket");
  owner.socket = socket->id;
  owner.kind = socket->kind;
  owner.address = socket->local;
  return owner;
}

Owner* World::Find(int32_t index, int32_t generation) {
  const auto at = static_cast<size_t>(index);
  if (index < 0 || at >= by_index_.size() || by_index_[at] == nullptr) return nullptr;
  return by_index_[at]->generation == generation ? by_index_[at] : nullptr;
}

const sim::Socket* World::SocketOf(const Owner& owner) {
  const Endpoint* const endpoint = engine_->Find(owner.index, owner.generation);
  return endpoint == nullptr ? nullptr : kernel_.Find(endpoint->native.fd);
}

// Which bytes the connection carries.
void World::Tie(Owner& owner) {
  const sim::Socket* const socket = SocketOf(owner);
  if (socket == nullptr || socket->state != sim::Socket::State::kConnected) {
    Fail("an endpoint is reported open, and its socket is not");
  }
  owner.out = FlowOf(socket->id, socket->link);
  owner.out->owned = true;
  owner.in = FlowOf(socket->peer_id, socket->link);
}

Flow* World::FlowOf(uint64_t id, const std::shared_ptr<sim::Link>& link) {
  std::unique_ptr<Flow>& flow = flows_[id];
  if (flow == nullptr) {
    flow = std::make_unique<Flow>();
    flow->id = id;
    flow->link = link;
  }
  return flow.get();
}

void World::Submit(Operation operation, int32_t index, int32_t generation, int32_t argument) {
  if (control_[kSubmissionTail] - control_[kSubmissionHead] == kSubmissionCapacity) Flush();
  int32_t* const record = control_.data() + kSubmissionWords +
                          (control_[kSubmissionTail] & (kSubmissionCapacity - 1)) * kRecordWords;
  record[kSubmissionOperation] = static_cast<int32_t>(operation);
  record[kSubmissionIndex] = index;
  record[kSubmissionGeneration] = generation;
  record[kSubmissionArgument] = argument;
  control_[kSubmissionTail]++;
  submitted_.push_back({operation, index, generation, argument});
}

void World::Flush() {
  engine_->Flush();
  for (const Submitted& submitted : submitted_) {
    Owner* const owner = Find(submitted.index, submitted.generation);
    if (owner == nullptr || owner->closing) continue;
    if (submitted.operation == Operation::kReceiveStart) owner->receive_on = true;
    if (submitted.operation == Operation::kReceiveStop) owner->receive_on = false;
    owner->receive_sequence = Posted();
  }
  submitted_.clear();
  if (engine_->HasSubmissions()) Fail("a submission was not taken");
}

void World::Turn(sim::Random& random, bool whole) {
  turns_++;
  Flush();
  const bool partial = !whole && random.Chance(partial_);
  const int32_t timeout_ms = random.Chance(4'000) ? 3 : 0;
  if (!engine_->HasCompletions()) engine_->Reap(timeout_ms);
  const bool all = Dispatch(random, partial ? random.Below(8) : SIZE_MAX);
  if (all && delivered_ != Posted()) {
    Fail(Posted() - delivered_, " completions were lost");
  }
  Flush();
  if (all && depth_ == 0) CheckTurns();
}

// False when completions are left for the next turn. A handler that throws loses nothing: the
// ring's head has moved before it ran.
bool World::Dispatch(sim::Random& random, size_t limit) {
  while (engine_->HasCompletions()) {
    engine_->RefillCompletions();
    try {
      if (!Drain(random, limit)) return false;
    } catch (const HandlerError&) {
      continue;
    }
  }
  return true;
}

bool World::Drain(sim::Random& random, size_t limit) {
  for (size_t count = 0;; count++) {
    const int32_t head = control_[kCompletionHead];
    if (head == control_[kCompletionTail]) return true;
    if (count >= limit) return false;
    int32_t record[kRecordWords];
    std::memcpy(
        record,
        control_.data() + kCompletionWords + (head & (kCompletionCapacity - 1)) * kRecordWords,
        sizeof(record));
    control_[kCompletionHead] = head + 1;
    const uint64_t sequence = delivered_++;
    Deliver(record, sequence, random);
    if (settling_) continue;
    RunHandler(random);
    if (random.Chance(throws_)) throw HandlerError{};
  }
}

void World::RunHandler(sim::Random& random) {
  if (!random.Chance(handlers_) || depth_ >= kDepthMax) return;
  constexpr Step kSteps[] = {
      Step::kSendSlab,    Step::kSendSlab,    Step::kSend,  Step::kReceiveStart,
      Step::kReceiveStop, Step::kClose,       Step::kClose, Step::kShutdown,
      Step::kConnect,     Step::kListen,      Step::kTurn,  Step::kPeerClose,
      Step::kPeerSend,    Step::kPeerReceive, Step::kStale, Step::kAsk,
      Step::kDuplicate,   Step::kAcceptStart,
  };
  sim::Random inner(random.Next());
  depth_++;
  Take(OneOf(inner, kSteps), inner);
  depth_--;
}

}  // namespace iocp_net::test
