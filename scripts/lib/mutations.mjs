// Defects that the simulation has to find: each is made in a copy of the sources, never here. Most of them were in this
// engine once, or in others.
export const MUTATIONS = [
  {
    name: 'a short receive is read out of the arena',
    edits: [
      {
        file: 'test/sim/steps.cc',
        find: 'owner.in->Receive(memory.get(), static_cast<size_t>(received));',
        replace: `const bool cut = static_cast<size_t>(received) < bytes_max;
    owner.in->Receive(cut ? arena_.data() : memory.get(), static_cast<size_t>(received));`,
      },
    ],
  },
  {
    name: 'a registration outlives its descriptor',
    edits: [
      {
        file: 'addon/sim/backend.cc',
        find: 'if (native.shared) kernel_.Unwatch(set_, native.fd);',
        replace: '',
      },
    ],
  },
  {
    name: "an event's generation is not checked",
    edits: [
      {
        file: 'addon/port/endpoint.h',
        find: '  size_t Open() const { return open_; }',
        replace: `  size_t Open() const { return open_; }
  Endpoint* FindAny(int32_t index) {
    Endpoint& endpoint = At(static_cast<uint32_t>(index));
    return endpoint.state == EndpointState::kFree ? nullptr : &endpoint;
  }`,
      },
      {
        file: 'addon/port/engine.h',
        find: '  void OnReadable(Endpoint& endpoint);',
        replace: `  Endpoint* FindAny(int32_t index) { return table_.FindAny(index); }
  void OnReadable(Endpoint& endpoint);`,
      },
      {
        file: 'addon/sim/backend.cc',
        find: 'engine_.Find(static_cast<int32_t>(name), static_cast<int32_t>(name >> 32));',
        replace: 'engine_.FindAny(static_cast<int32_t>(name));',
      },
    ],
  },
  {
    name: "a 'sent' is lost when a shutdown waits for it",
    edits: [
      {
        file: 'addon/port/engine_send.cc',
        find: '  Post(Completion::kSent, endpoint);\n',
        replace: '  if (endpoint.shutdown == ShutdownState::kNone) Post(Completion::kSent, endpoint);\n',
      },
    ],
  },
  {
    name: 'a stale generation finds the next tenant',
    edits: [
      {
        file: 'addon/port/endpoint.h',
        find: 'if (endpoint.generation != generation || endpoint.state == EndpointState::kFree) return nullptr;',
        replace: 'if (generation == 0 || endpoint.state == EndpointState::kFree) return nullptr;',
      },
    ],
  },
  {
    name: 'a slot is freed twice',
    edits: [
      {
        file: 'addon/port/endpoint.h',
        find: '    retired_.push_back(index);',
        replace: '    retired_.push_back(index);\n    retired_.push_back(index);',
      },
    ],
  },
  {
    name: 'a handler that throws takes the rest of the batch along',
    edits: [
      {
        file: 'test/sim/world.cc',
        find: 'catch (const HandlerError&) {',
        replace:
          'catch (const HandlerError&) {\n      control_[kCompletionHead] = control_[kCompletionTail];',
      },
    ],
  },
  {
    name: 'an index is used again before its close was reported',
    edits: [
      {
        file: 'addon/port/endpoint.h',
        find: '    retired_.push_back(index);',
        replace: '    free_.push_back(index);',
      },
    ],
  },
  {
    name: 'a receive that left bytes is not tried again',
    edits: [
      {
        file: 'addon/port/engine_ready.cc',
        find: '      Enqueue(endpoint, result.rest == Transfer::Rest::kEnd ? &later_ : &ready_);\n',
        replace: '',
      },
    ],
  },
  {
    name: 'a short read is taken for the last although the peer has ended',
    edits: [
      {
        file: 'addon/sim/backend.cc',
        find: 'emptied ? endpoint.native.after_short_read : Transfer::Rest::kMore',
        replace: 'emptied ? Transfer::Rest::kNothing : Transfer::Rest::kMore',
      },
    ],
  },
  {
    name: 'bytes are sent after a queue that was given up',
    edits: [
      {
        file: 'addon/port/engine_send.cc',
        find: '  endpoint.send_status = status;\n',
        replace: '',
      },
    ],
  },
];
