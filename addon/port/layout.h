// The boundary between JavaScript and the port, in one place.
//
// Both sides see the same memory: two rings of fixed-stride int32 records after a small header, a
// slab that carries a small write out, and an arena that carries received bytes in. JavaScript's
// names and numbers (lib/port/boundary.ts) are generated from this file by
// scripts/generate-boundary.mjs: calls, enums with explicit values, and constexpr integers.
#ifndef IOCP_NET_PORT_LAYOUT_H_
#define IOCP_NET_PORT_LAYOUT_H_

#include <cstddef>
#include <cstdint>

namespace iocp_net {

// The direct calls: the binding's function, and its name in JavaScript.
#define IOCP_NET_CALLS(CALL)             \
  CALL(Listen, listen)                   \
  CALL(Connect, connect)                 \
  CALL(Adopt, adopt)                     \
  CALL(Duplicate, duplicate)             \
  CALL(ConnectAgain, connectAgain)       \
  CALL(Send, send)                       \
  CALL(SendSlab, sendSlab)               \
  CALL(Receive, receive)                 \
  CALL(Close, close)                     \
  CALL(SetOption, setOption)             \
  CALL(LocalAddress, localAddress)       \
  CALL(PeerAddress, peerAddress)         \
  CALL(QueuedBytes, queuedBytes)         \
  CALL(Descriptor, descriptor)           \
  CALL(DispatchClosing, dispatchClosing) \
  CALL(Flush, flush)                     \
  CALL(Reference, reference)             \
  CALL(Uncaught, uncaught)

// int32 words at the start of the control block.
enum Header : int32_t {
  kSubmissionHead = 0,  // next record the port takes
  kSubmissionTail = 1,  // next record JavaScript writes
  kCompletionHead = 2,  // next record JavaScript takes
  kCompletionTail = 3,  // next record the port writes
  kReplyIndex = 4,      // answer of a direct call: the endpoint's index
  kReplyGeneration = 5,
  kReplyKind = 6,  // of an adopted endpoint: its EndpointKind
  kSlabIndex = 7,  // what sendSlab sends: the endpoint, the bytes at the start of the slab,
  kSlabGeneration = 8,
  kSlabLength = 9,
  kSlabSent = 10,  // and its answer: bytes taken at once, or a status
  kHeaderWords = 16,
};

// What may wait for the end of a batch. A write or a close may not: those are direct calls.
enum class Operation : int32_t {
  kReceiveStart = 1,  // argument: a ReceiveMode
  kReceiveStop = 2,
  kShutdown = 3,     // end our direction once everything queued has left
  kAcceptStart = 4,  // a listener that was paused after a failed accept
};

enum SubmissionField : int32_t {
  kSubmissionOperation = 0,
  kSubmissionIndex = 1,
  kSubmissionGeneration = 2,
  kSubmissionArgument = 3,
};

// kChunks: small messages come with their completion (kReceived), large ones are announced
// (kReceivable). kAnnounced: the owner has memory of its own, so everything is announced.
enum class ReceiveMode : int32_t { kChunks = 0, kAnnounced = 1 };

// kHandOver: the socket lives on elsewhere, under a duplicate descriptor or in another process.
// Nothing is ended, and a Unix listener's file stays.
enum class CloseHow : int32_t { kGraceful = 0, kReset = 1, kHandOver = 2 };

// A status is 0 or one of libuv's negative numbers.
enum class Completion : int32_t {
  kAccepted = 1,   // index: the listener; the new endpoint's index and generation
  kConnected = 2,  // status
  kReceived = 3,   // offset in the arena, length
  kEnded = 4,      // the peer has ended its direction
  kReceiveFailed = 5,
  kSent = 6,          // the send queue is empty again (status 0), or sending has failed
  kShut = 7,          // status of kShutdown
  kClosed = 8,        // the endpoint is gone; its index may be used again
  kAcceptFailed = 9,  // status; accepting pauses until kAcceptStart
  // waiting: bytes that wait, 0 if their number is unknown. The owner takes them into memory of its
  // own by direct calls of `receive`, so that they are written once. Nothing is received before it
  // does, unless kReceiveStop and kReceiveStart ask anew.
  kReceivable = 10,
};

enum CompletionField : int32_t {
  kCompletionKind = 0,
  kCompletionIndex = 1,
  kCompletionGeneration = 2,
  kCompletionStatus = 3,
  kCompletionOffset = 4,
  kCompletionLength = 5,
  kCompletionWaiting = 4,
  kCompletionAcceptedIndex = 4,
  kCompletionAcceptedGeneration = 5,
};

inline constexpr int32_t kRecordWords = 8;
inline constexpr int32_t kSubmissionCapacity = 1024;  // records; a power of two
inline constexpr int32_t kCompletionCapacity = 1024;  // records; a power of two
inline constexpr int32_t kSubmissionWords = kHeaderWords;
inline constexpr int32_t kCompletionWords = kSubmissionWords + kSubmissionCapacity * kRecordWords;
inline constexpr int32_t kControlWords = kCompletionWords + kCompletionCapacity * kRecordWords;

inline constexpr int32_t kSlabBytes = 64 * 1024;  // of one write
inline constexpr int32_t kArenaBytes = 256 * 1024;
inline constexpr int32_t kReceiveBytesMax = 64 * 1024;  // of one receive, which is one chunk
inline constexpr int32_t kReceivableBytesMax = 8 * kReceiveBytesMax;  // of one kReceivable
// From this size on a chunk is received into its own memory instead of being copied there from the
// arena. The price is one more call into the system and one into the addon; with fewer bytes the
// copy is cheaper.
inline constexpr int32_t kLargeReceiveBytesMin = 8 * 1024;
inline constexpr int32_t kArenaAlignment = 64;  // no two connections' bytes share a cache line

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
