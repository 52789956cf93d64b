// Generated from addon/port/layout.h by scripts/generate-boundary.mjs; not to be edited.

export const BOUNDARY_ID = 149479527;

export const RECORD_WORDS = 8;
export const SUBMISSION_CAPACITY = 1024;
export const COMPLETION_CAPACITY = 1024;
export const SUBMISSION_WORDS = 16;
export const COMPLETION_WORDS = 8208;
export const CONTROL_WORDS = 16400;
export const SLAB_BYTES = 65536;
export const ARENA_BYTES = 262144;
export const RECEIVE_BYTES_MAX = 65536;
export const RECEIVABLE_BYTES_MAX = 524288;
export const LARGE_RECEIVE_BYTES_MIN = 8192;
export const ARENA_ALIGNMENT = 64;

export const enum Header {
  SubmissionHead = 0,
  SubmissionTail = 1,
  CompletionHead = 2,
  CompletionTail = 3,
  ReplyIndex = 4,
  ReplyGeneration = 5,
  ReplyKind = 6,
  SlabIndex = 7,
  SlabGeneration = 8,
  SlabLength = 9,
  SlabSent = 10,
  HeaderWords = 16,
}

export const enum Operation {
  ReceiveStart = 1,
  ReceiveStop = 2,
  Shutdown = 3,
  AcceptStart = 4,
}

export const enum SubmissionField {
  Operation = 0,
  Index = 1,
  Generation = 2,
  Argument = 3,
}

export const enum ReceiveMode {
  Chunks = 0,
  Announced = 1,
}

export const enum CloseHow {
  Graceful = 0,
  Reset = 1,
  HandOver = 2,
}

export const enum Completion {
  Accepted = 1,
  Connected = 2,
  Received = 3,
  Ended = 4,
  ReceiveFailed = 5,
  Sent = 6,
  Shut = 7,
  Closed = 8,
  AcceptFailed = 9,
  Receivable = 10,
}

export const enum CompletionField {
  Kind = 0,
  Index = 1,
  Generation = 2,
  Status = 3,
  Offset = 4,
  Length = 5,
  Waiting = 4,
  AcceptedIndex = 4,
  AcceptedGeneration = 5,
}

export const enum Counter {
  Batches = 0,
  Completions = 1,
  Submissions = 2,
  NativeCalls = 3,
  AcceptedEndpoints = 4,
  ConnectedEndpoints = 5,
  OpenEndpoints = 6,
  BytesReceived = 7,
  BytesSent = 8,
  ReceiveCalls = 9,
  SendCalls = 10,
  WaitCalls = 11,
  AdoptedEndpoints = 12,
  CounterCount = 13,
}

export const enum Option {
  NoDelay = 1,
  KeepAlive = 2,
  SendBufferBytes = 3,
  ReceiveBufferBytes = 4,
  TypeOfService = 5,
  PipeMode = 6,
}

export const enum ListenFlag {
  Ipv6Only = 1,
  ReusePort = 2,
}

export const enum AdoptFlag {
  AdoptListener = 1,
  AdoptDuplicate = 2,
}

export const enum ConnectStage {
  Bind = 1,
  Connect = 2,
}

export const enum EndpointKind {
  Tcp = 0,
  Pipe = 1,
}

/** In the order of their numbers. */
export const COUNTER_NAMES = [
  'batches',
  'completions',
  'submissions',
  'nativeCalls',
  'acceptedEndpoints',
  'connectedEndpoints',
  'openEndpoints',
  'bytesReceived',
  'bytesSent',
  'receiveCalls',
  'sendCalls',
  'waitCalls',
  'adoptedEndpoints',
] as const;

export type NativeCall =
  | 'listen'
  | 'connect'
  | 'adopt'
  | 'duplicate'
  | 'connectAgain'
  | 'send'
  | 'sendSlab'
  | 'receive'
  | 'close'
  | 'setOption'
  | 'localAddress'
  | 'peerAddress'
  | 'queuedBytes'
  | 'descriptor'
  | 'dispatchClosing'
  | 'flush'
  | 'reference'
  | 'uncaught';
