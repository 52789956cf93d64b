// The boundary between JavaScript and the port, in one place.
//
// Both sides see the same memory: two rings of fixed-stride int32 records behind a small header, a
// slab that carries small writes out, and an arena that carries received bytes in. The binding
// hands every constant of this file to JavaScript at start, so that no number of the boundary is
// written twice.
#ifndef IOCP_NET_PORT_LAYOUT_H_
#define IOCP_NET_PORT_LAYOUT_H_

#include <cstddef>
#include <cstdint>

namespace iocp_net {

// int32 words at the start of the control block.
enum Header : int32_t {
  kSubmissionHead = 0,  // next record the port takes
  kSubmissionTail = 1,  // next record JavaScript writes
  kCompletionHead = 2,  // next record JavaScript takes
  kCompletionTail = 3,  // next record the port writes
  kSlabUsed = 4,        // bytes of the slab that waiting submissions refer to
  kReplyIndex = 5,      // answer of a direct call: the endpoint's index
  kReplyGeneration = 6,
  kReplyKind = 7,  // of an adopted endpoint: its EndpointKind
  kHeaderWords = 16,
};

// Submissions: [operation, index, generation, a, b, 0, 0, 0]
enum class Operation : int32_t {
  kSend = 1,  // a: offset in the slab, b: length
  kReceiveStart =
      2,             // a: 1 if what comes is only read through: it is never announced (kReceivable)
  kReceiveStop = 3,  //
  kShutdown = 4,     // end our direction once everything queued has left
  kClose = 5,        // a: CloseHow
  kAcceptStart = 6,  // a listener that was paused after a failed accept
};

// kHandOver: the socket lives on elsewhere, under a duplicate descriptor or in another process.
// Nothing is ended, and a Unix listener's file stays.
enum class CloseHow : int32_t { kGraceful = 0, kReset = 1, kHandOver = 2 };

// Completions: [completion, index, generation, status, a, b, 0, 0]. A status is 0 or one of libuv's
// negative numbers.
enum class Completion : int32_t {
  kAccepted = 1,   // index: the listener; a, b: index and generation of the new endpoint
  kConnected = 2,  // status
  kReceived = 3,   // a: offset in the arena, b: length
  kEnded = 4,      // the peer has ended its direction
  kReceiveFailed = 5,
  kStalled = 6,        // a slab write did not leave at once; kSent follows
  kSent = 7,           // the send queue is empty again (status 0), or sending has failed
  kShut = 8,           // status of kShutdown
  kClosed = 9,         // the endpoint is gone; its index may be used again
  kAcceptFailed = 10,  // status; accepting pauses until kAcceptStart
  // a: bytes that wait. JavaScript takes them into memory of its own by direct calls of `receive`,
  // kReceiveBytesMax at a time, so that a large chunk is written once. Nothing is received before
  // it does, unless kReceiveStop and kReceiveStart ask anew.
  kReceivable = 11,
  kBroken = 12,  // the peer has reset the connection; whoever receives or sends hears it anyway
};

inline constexpr int32_t kRecordWords = 8;
inline constexpr int32_t kSubmissionCapacity = 1024;  // records; a power of two
inline constexpr int32_t kCompletionCapacity = 1024;  // records; a power of two
inline constexpr int32_t kSubmissionWords = kHeaderWords;
inline constexpr int32_t kCompletionWords = kSubmissionWords + kSubmissionCapacity * kRecordWords;
inline constexpr int32_t kControlWords = kCompletionWords + kCompletionCapacity * kRecordWords;

inline constexpr size_t kSlabBytes = 256 * 1024;
inline constexpr size_t kArenaBytes = 256 * 1024;
inline constexpr size_t kReceiveBytesMax = 64 * 1024;  // of one receive, which is one chunk
inline constexpr size_t kReceivableBytesMax = 8 * kReceiveBytesMax;  // of one kReceivable
// From this size on a chunk is received into its own memory instead of being copied there from the
// arena. The price is one more call into the system and one into the addon; with fewer bytes the
// copy is cheaper.
inline constexpr size_t kLargeReceiveBytesMin = 8 * 1024;
inline constexpr size_t kArenaAlignment = 64;  // no two connections' bytes share a cache line

// Doubles, readable as engine.counters.
enum Counter : int32_t {
  kBatches = 0,
  kCompletions = 1,
  kSubmissions = 2,
  kNativeCalls = 3,
  kAcceptedEndpoints = 4,
  kConnectedEndpoints = 5,
  kOpenEndpoints = 6,
  kBytesReceived = 7,
  kBytesSent = 8,
  kReceiveCalls = 9,
  kSendCalls = 10,
  kWaitCalls = 11,
  kAdoptedEndpoints = 12,  // opened elsewhere: descriptors, handles of other processes
  kCounterCount = 13,
};

// What a direct call can ask for; the numbers are part of the boundary too.
enum class Option : int32_t {
  kNoDelay = 1,    // a: 0 or 1
  kKeepAlive = 2,  // a: 0 or 1, b: idle seconds, c: interval seconds, d: count (0: the system's)
  kSendBufferBytes = 3,     // a: bytes
  kReceiveBufferBytes = 4,  // a: bytes
  kTypeOfService = 5,       // a: 0 to 255
  // Of a pipe listener; a: readable by all, b: writable by all, c: 1 adds this to what the umask
  // left, 0 sets it.
  kPipeMode = 6,
};

enum ListenFlag : int32_t { kIpv6Only = 1, kReusePort = 2 };

// What to do with a descriptor that somebody else has opened.
enum AdoptFlag : int32_t {
  kAdoptListener = 1,   // listen on it; without: it is a connected stream
  kAdoptDuplicate = 2,  // take a duplicate, the caller keeps its own
};

// Where a refused Connect call failed: binding the local address, or connecting.
enum class ConnectStage : int32_t { kBind = 1, kConnect = 2 };

enum class EndpointKind : int32_t { kTcp = 0, kPipe = 1 };

}  // namespace iocp_net

#endif  // IOCP_NET_PORT_LAYOUT_H_
