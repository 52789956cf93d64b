// A random program: what a world is like, and the steps that are taken in it.
#ifndef IOCP_NET_TEST_SIM_PROGRAM_H_
#define IOCP_NET_TEST_SIM_PROGRAM_H_

#include <cstdint>
#include <string>
#include <vector>

namespace iocp_net::test {

enum class Step : uint8_t {
  // The program's side.
  kTurn,
  kListen,
  kConnect,
  kSendSlab,
  kSend,
  kReceiveStart,
  kReceiveStop,
  kTakeAnnounced,
  kShutdown,
  kClose,
  kAcceptStart,
  kAdopt,
  kDuplicate,
  kCloseDuplicate,
  kAsk,    // options, addresses, connecting again
  kStale,  // calls that name an endpoint which is gone
  kSettle,
  kEnd,  // the engine ends, and another one takes its place
  // Its peers'.
  kPeerListen,
  kPeerConnect,
  kPeerAccept,
  kPeerSend,
  kPeerReceive,
  kPeerShutdown,
  kPeerClose,
  // The world's.
  kFork,
  kForkEnds,
  kLose,
  kCount,
};

// Each step has numbers of its own, so that leaving one out changes no other.
struct ProgramStep {
  Step step;
  uint64_t salt;
};

struct Program {
  uint64_t seed = 0;  // of the world
  std::vector<ProgramStep> steps;

  static Program Generate(uint64_t seed);
  std::string Text() const;
  // False when the text is none.
  static bool Parse(const std::string& text, Program* program);
};

}  // namespace iocp_net::test

#endif  // IOCP_NET_TEST_SIM_PROGRAM_H_
