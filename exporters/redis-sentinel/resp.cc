#include "exporters/redis-sentinel/resp.h"

#include <hiredis/hiredis.h>

#include "absl/strings/str_format.h"

namespace {

// What the callbacks know of the reply under construction. They build it in place: only the last
// item of an array grows, so pointers to unfinished arrays stay valid.
struct Building {
  int items = 0;
  std::string refused;  // why a callback gave up, which hiredis calls "Out of memory"
};

Building& BuildingOf(const redisReadTask* task) { return *static_cast<Building*>(task->privdata); }

void* Refuse(const redisReadTask* task, const std::string& why) {
  BuildingOf(task).refused = why;
  return nullptr;
}

Reply* Place(const redisReadTask* task, Reply::Type type) {
  Reply* reply;
  if (task->parent == nullptr) reply = new Reply();
  else reply = &static_cast<Reply*>(task->parent->obj)->items.emplace_back();
  reply->type = type;
  return reply;
}

int DepthOf(const redisReadTask* task) {
  int depth = 1;
  for (; task->parent != nullptr; task = task->parent) ++depth;
  return depth;
}

void* CreateString(const redisReadTask* task, char* text, std::size_t size) {
  Reply::Type type;
  if (task->type == REDIS_REPLY_STRING) type = Reply::kString;
  else if (task->type == REDIS_REPLY_STATUS) type = Reply::kStatus;
  else if (task->type == REDIS_REPLY_ERROR) type = Reply::kError;
  else return Refuse(task, "a type of RESP3, which we did not ask for");
  Reply* reply = Place(task, type);
  reply->text.assign(text, size);
  return reply;
}

// Its size is an int in hiredis 0.14 and a size_t in 1.x.
template <class Size>
void* CreateArray(const redisReadTask* task, Size size) {
  if (task->type != REDIS_REPLY_ARRAY)
    return Refuse(task, "a type of RESP3, which we did not ask for");
  if (DepthOf(task) > RespReader::kMaxDepth) return Refuse(task, "arrays nested too deeply");
  int& items = BuildingOf(task).items;
  if (static_cast<long long>(size) > RespReader::kMaxItems - items)
    return Refuse(task, absl::StrFormat("more than %d items", RespReader::kMaxItems));
  items += static_cast<int>(size);
  return Place(task, Reply::kArray);
}

void* CreateInteger(const redisReadTask* task, long long value) {
  Reply* reply = Place(task, Reply::kInteger);
  reply->integer = value;
  return reply;
}

void* CreateNil(const redisReadTask* task) { return Place(task, Reply::kNil); }

void FreeReply(void* reply) { delete static_cast<Reply*>(reply); }

// hiredis 1.x knows RESP3, and hands its doubles and booleans to callbacks that 0.14 does not have.
template <class Functions>
void RefuseResp3(Functions& functions) {
  constexpr auto refuse = [](const redisReadTask* task, auto...) {
    return Refuse(task, "a type of RESP3, which we did not ask for");
  };
  if constexpr (requires { functions.createDouble; }) functions.createDouble = refuse;
  if constexpr (requires { functions.createBool; }) functions.createBool = refuse;
}

redisReplyObjectFunctions* Functions() {
  static redisReplyObjectFunctions functions = [] {
    redisReplyObjectFunctions f{};
    f.createString = CreateString;
    f.createArray = CreateArray;
    f.createInteger = CreateInteger;
    f.createNil = CreateNil;
    f.freeObject = FreeReply;
    RefuseResp3(f);
    return f;
  }();
  return &functions;
}

struct FreeReader {
  void operator()(redisReader* r) const { redisReaderFree(r); }
};

}  // namespace

struct RespReader::State {
  std::size_t max_bytes;
  std::size_t bytes = 0;  // of this batch
  std::size_t held = 0;   // since the end of the last reply
  Building building;
  std::unique_ptr<redisReader, FreeReader> reader{redisReaderCreateWithFunctions(Functions())};
};

RespReader::RespReader(std::size_t max_bytes) : state_(std::make_unique<State>()) {
  state_->max_bytes = max_bytes;
  if (state_->reader != nullptr) state_->reader->privdata = &state_->building;
}
RespReader::~RespReader() = default;
RespReader::RespReader(RespReader&&) noexcept = default;
RespReader& RespReader::operator=(RespReader&&) noexcept = default;

std::size_t RespReader::held() const { return state_->held; }

void RespReader::BeginBatch() { state_->bytes = state_->held; }

absl::Status RespReader::Feed(std::string_view bytes) {
  State& s = *state_;
  if (bytes.size() > s.max_bytes - s.bytes)
    return absl::DataLossError(absl::StrFormat("the answer is longer than %d bytes", s.max_bytes));
  s.bytes += bytes.size();
  s.held += bytes.size();
  if (s.reader == nullptr) return absl::ResourceExhaustedError("out of memory");
  // An error of Next() stays: what comes after it is of no interest.
  redisReaderFeed(s.reader.get(), bytes.data(), bytes.size());
  return absl::OkStatus();
}

absl::StatusOr<std::optional<Reply>> RespReader::Next() {
  State& s = *state_;
  if (s.reader == nullptr) return absl::ResourceExhaustedError("out of memory");
  void* raw = nullptr;
  if (redisReaderGetReply(s.reader.get(), &raw) != REDIS_OK) {
    std::string why = s.building.refused.empty() ? s.reader->errstr : s.building.refused;
    return absl::DataLossError("the answer is not RESP as we expect it: " + why);
  }
  if (raw == nullptr) return std::nullopt;
  s.building = Building();
  s.held = s.reader->len - s.reader->pos;
  std::unique_ptr<Reply> reply(static_cast<Reply*>(raw));
  return std::move(*reply);
}

std::string FormatCommand(const Command& command) {
  std::vector<const char*> words;
  std::vector<std::size_t> sizes;
  for (const std::string& word : command) {
    words.push_back(word.data());
    sizes.push_back(word.size());
  }
  char* text = nullptr;
  int count = static_cast<int>(words.size());
  int size = redisFormatCommandArgv(&text, count, words.data(), sizes.data());
  if (size < 0) return "";
  std::string bytes(text, static_cast<std::size_t>(size));
  redisFreeCommand(text);
  return bytes;
}
