#pragma once
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "common/app.h"
#include "common/facts.h"
#include "common/guarded.h"
#include "common/http_server.h"
#include "common/net.h"

// Inside of Main(): the program while it runs. One thread, the main one, owns the groups and
// changes the set of targets; everybody else asks it to.
class Running {
 public:
  struct Options {
    std::string config_file, state_directory, metrics_path;
    bool lifecycle = false;
  };
  Running(const Exporter& exporter, Options options);

  // Reads the configuration and puts it in force. Returns "", or what is wrong, one error a line:
  // then nothing has changed, and it was logged.
  std::string Load();
  // Answers HTTP; called by many threads.
  HttpResponse Answer(const HttpRequest& request);
  // Runs until SIGTERM or SIGINT, which the main thread has blocked. `listening` serves Answer.
  void Serve(HttpServer& listening);

 private:
  struct Reload {
    int asked = 0, done = 0;
    std::string error;
  };
  void Wire(Group& group);
  void Reloaded(int asked, const std::string& error);  // answers the requests up to `asked`
  void Drain(HttpServer& listening);
  std::string FactsPath(const std::string& group) const;
  void Wake() const;
  std::string_view Phase();  // starting, ok, draining
  HttpResponse Metrics(const HttpRequest& request);
  HttpResponse AskReload(const HttpRequest& request);
  HttpResponse Route(const HttpRequest& request);

  const Exporter& exporter_;
  const Options options_;
  std::vector<Group> groups_;  // the main thread's
  Scraper scraper_;
  FactsWriter writer_;
  Socket wake_;                // eventfd
  std::atomic<bool> refresh_ = false, draining_ = false, was_ready_ = false;
  Guarded<Reload> reload_;
};
