// The small parts of the port: queue, rings, table.
#include <doctest.h>

#include <string>
#include <vector>

#include "harness.h"
#include "port/endpoint.h"
#include "port/rings.h"
#include "port/send_queue.h"

namespace iocp_net::test {

namespace {

Span Of(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::string Text(const SendQueue& queue) {
  Span spans[16];
  std::string text;
  const size_t count = queue.Gather(spans, 16);
  for (size_t i = 0; i < count; i++) {
    text.append(reinterpret_cast<const char*>(spans[i].data), spans[i].length);
  }
  return text;
}

}  // namespace

TEST_CASE("send queue: keeps order, takes parts, counts bytes") {
  SendQueue queue;
  const std::string b = "borrowed";
  queue.AppendCopy(Of("one"));
  queue.AppendBorrowed(Of(b));
  queue.AppendCopy(Of("two"));
  queue.AppendCopy(Of(""));
  CHECK(queue.Bytes() == 14);
  CHECK(Text(queue) == "oneborrowedtwo");
  queue.Consume(5);
  CHECK(Text(queue) == "rrowedtwo");
  CHECK(queue.Bytes() == 9);
  queue.Consume(9);
  CHECK(queue.Empty());
  CHECK(queue.Bytes() == 0);
}

TEST_CASE("send queue: a run is of one kind") {
  SendQueue queue;
  const std::string b = "B";
  queue.AppendCopy(Of("1"));
  queue.AppendCopy(Of("2"));
  queue.AppendBorrowed(Of(b));
  Span spans[16];
  bool owned = false;
  CHECK(queue.GatherRun(spans, 16, &owned) == 2);
  CHECK(owned);
  CHECK(queue.GatherRun(spans, 1, &owned) == 1);
  queue.Consume(2);
  CHECK(queue.GatherRun(spans, 16, &owned) == 1);
  CHECK_FALSE(owned);
  CHECK(spans[0].data == Of(b).data);  // by reference
}

TEST_CASE("send queue: what was promised outlives what was borrowed") {
  SendQueue queue;
  const std::string b = "borrowed";
  queue.AppendCopy(Of("kept"));
  queue.AppendBorrowed(Of(b));
  queue.AppendCopy(Of("behind it"));
  queue.DiscardBorrowed();
  CHECK(Text(queue) == "kept");
  CHECK(queue.Bytes() == 4);
}

TEST_CASE("completion ring: what does not fit waits in order") {
  std::vector<int32_t> control(kControlWords);
  CompletionRing ring(control.data());
  const int32_t total = kCompletionCapacity * 2 + 7;
  for (int32_t i = 0; i < total; i++) ring.Post({Completion::kSent, i, 1, 0, 0, 0});
  CHECK(ring.Length() == kCompletionCapacity);
  CHECK_FALSE(ring.HasRoom());
  int32_t expected = 0;
  while (!ring.Empty()) {
    ring.Refill();
    REQUIRE(ring.Length() > 0);
    int32_t& head = control[kCompletionHead];
    const int32_t at = kCompletionWords + (head & (kCompletionCapacity - 1)) * kRecordWords;
    REQUIRE(control[static_cast<size_t>(at + 1)] == expected);
    expected++;
    head++;
    // A later one must not overtake those that wait.
    if (expected == 3) ring.Post({Completion::kSent, total, 1, 0, 0, 0});
  }
  CHECK(expected == total + 1);
}

TEST_CASE("completion ring: indices pass the end of their range") {
  std::vector<int32_t> control(kControlWords);
  control[kCompletionHead] = control[kCompletionTail] = INT32_MAX - 1;
  CompletionRing ring(control.data());
  for (int32_t i = 0; i < 5; i++) ring.Post({Completion::kSent, i, 1, 0, 0, 0});
  CHECK(ring.Length() == 5);
  CHECK(control[kCompletionTail] < 0);
}

TEST_CASE("endpoint table: a slot comes back with another generation") {
  EndpointTable table;
  Endpoint& first = table.Allocate();
  first.state = EndpointState::kOpen;
  const auto index = static_cast<int32_t>(first.index);
  const int32_t generation = first.generation;
  CHECK(table.Find(index, generation) == &first);
  table.Free(first);
  CHECK(table.Open() == 0);
  CHECK(table.Find(index, generation) == nullptr);
  CHECK(table.Find(index, generation + 1) == nullptr);  // free
  CHECK(table.Find(-1, 1) == nullptr);
  CHECK(table.Find(INT32_MAX, 1) == nullptr);
}

TEST_CASE("endpoint table: generations start over, and addresses never move") {
  EndpointTable table;
  Endpoint& first = table.Allocate();
  first.state = EndpointState::kOpen;
  first.generation = INT32_MAX;
  std::vector<Endpoint*> more;
  for (int i = 0; i < 1000; i++) {
    more.push_back(&table.Allocate());
    more.back()->state = EndpointState::kOpen;
  }
  CHECK(table.Find(static_cast<int32_t>(first.index), INT32_MAX) == &first);
  table.Free(first);
  CHECK(first.generation == 1);
  CHECK(table.Open() == 1000);
}

}  // namespace iocp_net::test
