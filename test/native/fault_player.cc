#include "fault_player.h"

#include <algorithm>

#include "port/backend.h"
#ifdef _WIN32
#include <process.h>
#else
#include <fcntl.h>
#include <unistd.h>

#include "epoll/descriptor.h"
#endif

namespace iocp_net::test {

namespace {

constexpr size_t kEndsMax = 24;
constexpr uint64_t kUnreadMax = 400'000;
constexpr uint64_t kAnswers = uint64_t{1} << 48;  // of a flow's id: from the server's side

uint32_t OneOf(sim::Random& random, std::initializer_list<uint32_t> values) {
  return values.begin()[random.Below(values.size())];
}

uint64_t NextFlow() {
  static uint64_t flow = 0;
  return ++flow;
}

}  // namespace

FaultPlayer::FaultPlayer(Injector& injector, uint64_t seed)
    : injector_(injector),
      random_(seed),
      descriptors_(OpenDescriptors()),
      port_(std::make_unique<Harness>()) {
  injector_.rates.errors = OneOf(random_, {500, 2'000, 6'000, 12'000});
  injector_.rates.late = OneOf(random_, {0, 4'000, 20'000});
  injector_.rates.cut = OneOf(random_, {0, 4'000, 30'000});
#ifdef _WIN32
  injector_.rates.packets = OneOf(random_, {0, 10'000, 65'536});
  injector_.rates.busy = OneOf(random_, {0, 20'000});
  injector_.rates.full = OneOf(random_, {10'000, 45'000});
#endif
  port_->on_accepted = [this](const StreamPtr& fresh) {
    Add(fresh, port_->engine().Find(fresh->index, fresh->generation)->kind);
    connections_++;
    port_->Receive(*fresh);
  };
  port_->on_received = [this](Stream& stream, const uint8_t* bytes, size_t length) {
    Take(stream, bytes, length);
  };
}

FaultPlayer::~FaultPlayer() {
  port_.reset();
#ifndef _WIN32
  for (const std::string& name : names_) ::unlink(name.c_str());
#endif
}

void FaultPlayer::Run(size_t steps, FaultFigures* figures) {
  for (size_t i = 0; i < steps; i++) Step();
  figures->steps += steps;
  const bool abruptly = random_.Below(4) == 0;
  if (!abruptly) {
    LetEverythingFlow();
    CheckAtRest();
  }
  Finish();
  figures->worlds++;
  figures->connections += connections_;
  figures->bytes += bytes_;
}

void FaultPlayer::Step() {
  const size_t what = random_.Below(100);
  if (what < 30) return Turn();
  if (what < 33) return Listen();
  if (what < 43) return Connect();
  if (what < 67) return Send();
  if (what < 74) return Receive();
  if (what < 77) return Shutdown();
  if (what < 84) {
    // Rather those that are of no use any more.
    End* end = Pick([](const End& e) { return !e.gone && (e.Over() || e.broken || e.failed); });
    if (end == nullptr && random_.Below(3) == 0) end = Pick([](const End& e) { return !e.gone; });
    if (end == nullptr) return;
    if (end->listener && random_.Below(2) == 0) return;
    return Close(*end, random_.Below(3) == 0 ? CloseHow::kReset : CloseHow::kGraceful);
  }
  if (what < 91) return Ask();
  if (what < 95) return RestartAccepts();
  if (what < 96) return OpenAnother();
  HandOver();
}

void FaultPlayer::Turn() {
  {
    const Armed armed(injector_);
    port_->Turn(0);
  }
  if (Note().has_value()) Fail("an error of a direct call has struck without one");
  Judge();
  CheckTurns();
}

Address FaultPlayer::FreshAddress() {
  if (random_.Below(2) == 0) return Harness::Loopback(0);
  static int count = 0;
  Address address;
  address.kind = EndpointKind::kPipe;
#ifdef _WIN32
  address.host = "\\\\.\\pipe\\iocp-net-faults-" + std::to_string(::_getpid()) + "-";
#else
  address.host = "/tmp/iocp-net-faults-" + std::to_string(::getpid()) + "-";
#endif
  address.host += std::to_string(count++);
  return address;
}

void FaultPlayer::Listen() {
  if (ends_.size() - static_cast<size_t>(std::count_if(ends_.begin(), ends_.end(),
                                                       [](const auto& e) { return e->gone; })) >=
      kEndsMax) {
    return;
  }
  Address address = FreshAddress();
  if (address.kind == EndpointKind::kPipe) names_.push_back(address.host);
  StreamPtr stream;
  const Status status = Direct("listen", [&] {
    Status result = kOk;
    stream = port_->Listen(&result, address);
    return result;
  });
  if (stream == nullptr) {
    // Not one accept could be posted.
    if (!direct_struck_ && !pools_[PoolOf(address)].MayFail(status)) {
      Fail("a listen fails with ", status);
    }
    return;
  }
  if (status != kOk) Fail("a failed listen has an endpoint");
  End& end = Add(stream, address.kind);
  end.listener = true;
  if (address.kind == EndpointKind::kTcp) address.port = port_->PortOf(stream);
  end.address = address;
}

void FaultPlayer::Connect() {
  const End* const listener = Pick([](const End& e) {  // perhaps closed
#ifdef _WIN32
    if (e.gone && e.kind == EndpointKind::kPipe) return false;  // see WaitsInVain
#endif
    return e.listener;
  });
  if (listener == nullptr) return Listen();
  const auto open =
      std::count_if(ends_.begin(), ends_.end(), [](const auto& e) { return !e->gone; });
  if (static_cast<size_t>(open) >= kEndsMax) return;
  const Address local = Harness::Loopback(0);
  const bool bound = listener->kind == EndpointKind::kTcp && random_.Below(4) == 0;
  StreamPtr stream;
  connect_struck_.reset();
  const Status status = Direct("connect", [&] {
    Status result = kOk;
    stream = port_->Connect(listener->address, &result, bound ? &local : nullptr);
    return result;
  });
  if (stream == nullptr) {
    if (status == kOk) Fail("a connect without an endpoint");
    if (!direct_struck_) Fail("a connect fails at once with ", status);
    return;
  }
  End& end = Add(stream, listener->kind);
  end.target = listener;
  const int64_t pool = PoolOf(listener->address);
  // A name is there as long as one of its instances is.
  end.may_find_nobody = pool != kSockets && !pools_[pool].may_fail.empty();
  end.out = NextFlow();
  end.in = end.out | kAnswers;
  end.connect.row = std::exchange(connect_struck_, std::nullopt);
  if (random_.Below(3) > 0) port_->Receive(*stream);
}

void FaultPlayer::Send() {
  End* const end = Pick([](const End& e) { return e.Sends(); });
  if (end == nullptr) return;
  const uint64_t read = end->peer == nullptr ? 0 : end->peer->received;
  if (end->written - read > kUnreadMax) return;
  // The first one at least names the flow.
  const size_t least = end->written == 0 ? sizeof(end->out) : 1;
  const size_t length = least + random_.Below(OneOf(random_, {8, 1'000, 20'000, 150'000}));
  auto bytes = std::make_unique<std::string>(FlowBytes(end->out, end->written, length));
  const auto queued = [&] {
    return port_->engine().QueuedBytes(end->stream->index, end->stream->generation);
  };
  const bool waited = queued() > 0;
  int64_t sent = 0;
  {
    const Armed armed(injector_);
    if (length <= kSlabBytes && random_.Below(2) == 0) {
      sent = port_->Write(*end->stream, *bytes);
    } else {
      const auto* const at = reinterpret_cast<const uint8_t*>(bytes->data());
      const size_t half = random_.Below(length + 1);
      sent = port_->Send(*end->stream, {{at, half}, {at + half, length - half}});
    }
  }
  if (Note().has_value()) Fail("an error of another call has struck a send");
  end->written += length;
  bytes_ += length;
  end->lent.push_back(std::move(bytes));
  if (sent < 0) {
    const auto status = static_cast<Status>(sent);
    end->broken = true;
    if (!Report(end->send, status) && !Genuine(*end, status)) Fail("a send fails with ", status);
    CheckSticky(*end);
  } else if (!waited && queued() > 0) {
    end->sent_owed++;
  }
}

// Bytes were lost with a failed send: nothing may be sent in their place, unless the connection
// itself takes no more.
void FaultPlayer::CheckSticky(End& end) {
  const Endpoint* const endpoint = port_->engine().Find(end.stream->index, end.stream->generation);
  if (endpoint == nullptr || endpoint->send_status == kOk) return;
  if (port_->Send(*end.stream, *end.lent.back()) != endpoint->send_status) {
    Fail("bytes were taken in the place of those that were lost");
  }
}

void FaultPlayer::Receive() {
  End* const end = Pick([](const End& e) { return !e.listener && !e.gone && !e.Over(); });
  if (end == nullptr) return;
  switch (random_.Below(4)) {
    case 0:
      return port_->Submit(Operation::kReceiveStop, *end->stream);
    case 1:
      return port_->Receive(*end->stream, ReceiveMode::kAnnounced);
    default:
      return port_->Receive(*end->stream);
  }
}

void FaultPlayer::Shutdown() {
  End* const end = Pick([](const End& e) { return e.Open() && !e.shut_asked && !e.broken; });
  if (end == nullptr) return;
  end->shut_asked = true;
  port_->Submit(Operation::kShutdown, *end->stream);
}

void FaultPlayer::Close(End& end, CloseHow how) {
  Engine& engine = port_->engine();
  engine.Flush();  // of what was asked before; a close does the same
  end.unsent = engine.QueuedBytes(end.stream->index, end.stream->generation);
  end.how = how;
  end.gone = true;
  {
    std::optional<Armed> armed;
    if (!calm_) armed.emplace(injector_);
    port_->Close(*end.stream, how);
  }
  if (Note().has_value()) Fail("an error of a direct call has struck a close");
}

void FaultPlayer::Ask() {
  End* const end = Pick([](const End& e) { return !e.gone; });
  if (end == nullptr) return;
  Engine& engine = port_->engine();
  const auto [index, generation] = std::pair(end->stream->index, end->stream->generation);
  Address address;
  const size_t what = random_.Below(8);
  if (what == 0) {
    Direct("the local address", [&] { return engine.LocalAddress(index, generation, &address); });
  } else if (what == 1) {
    Direct("the peer's address", [&] { return engine.PeerAddress(index, generation, &address); });
  } else if (what == 2 && end->Open() && end->kind == EndpointKind::kTcp) {
    if (end->Over() || end->broken || end->peer == nullptr || end->peer->gone) return;
    const Address other = Harness::Loopback(9);
    Direct("connect again", [&] { return engine.ConnectAgain(index, generation, other); });
  } else if (end->listener && end->kind == EndpointKind::kPipe) {
    Direct("the mode of a pipe",
           [&] { return engine.SetOption(index, generation, Option::kPipeMode, 1, 1, 1, 0); });
  } else {
    const auto option = static_cast<Option>(random_.UpTo(5));
    const int32_t a = option == Option::kSendBufferBytes || option == Option::kReceiveBufferBytes
                          ? static_cast<int32_t>(5'000 + random_.Below(60'000))
                          : 1;
    Direct("an option", [&] { return engine.SetOption(index, generation, option, a, 60, 1, 5); });
  }
}

// As JavaScript's timer does.
void FaultPlayer::RestartAccepts() {
  for (const auto& end : ends_) {
    if (!end->listener || end->gone || end->stream->accept_failure == kOk) continue;
    end->stream->accept_failure = kOk;
    port_->Submit(Operation::kAcceptStart, *end->stream);
  }
}

// To another endpoint, which goes on where this one was.
void FaultPlayer::HandOver() {
#ifdef __linux__
  const bool listener = random_.Below(8) == 0;
  End* const end = Pick([&](const End& e) {
    return listener ? e.listener && !e.gone && e.kind == EndpointKind::kTcp
                    : e.Open() && !e.Over() && e.stream->sent == e.sent_owed;
  });
  if (end == nullptr) return;
  Engine& engine = port_->engine();
  int64_t copy = -1;
  Direct("a duplicate", [&] {
    copy = engine.Duplicate(end->stream->index, end->stream->generation);
    return copy < 0 ? static_cast<Status>(copy) : kOk;
  });
  if (copy < 0) return;
  Descriptor given(static_cast<int>(copy));
  const bool keeps = random_.Below(3) == 0;
  const bool blocks = random_.Below(3) == 0;
  Close(*end, CloseHow::kHandOver);
  Turn();
  if (blocks && ::fcntl(given.get(), F_SETFL, 0) != 0) Fail("fcntl");  // as another process may
  StreamPtr stream;
  const int32_t flags = (listener ? kAdoptListener : 0) | (keeps ? kAdoptDuplicate : 0);
  const Status status = Direct("adopt", [&] {
    Status result = kOk;
    stream = port_->Adopt(given.get(), flags, &result);
    return result;
  });
  if (status != kOk) return;  // it is still ours, and closed here
  if (!keeps) given.Release();
  End& next = Add(stream, end->kind);
  next.listener = end->listener;
  next.address = end->address;
  next.out = end->out;
  next.in = end->in;
  next.head = end->head;
  next.written = end->written;
  next.received = end->received;
  next.broken = end->broken;
  next.shut_asked = end->shut_asked;
  next.stream->shut = end->stream->shut;
  next.stream->shut_status = end->stream->shut_status;
  next.shut = end->shut;
  next.peer = end->peer;
  if (next.peer != nullptr) next.peer->peer = &next;
  for (const auto& other : ends_) {
    if (other->target == end) other->target = &next;
  }
  if (!listener) port_->Receive(*stream);
#endif
}

}  // namespace iocp_net::test
