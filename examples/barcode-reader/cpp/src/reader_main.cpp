// barcode-reader: decodes images with the SDK, as an application of one of the
// vendor's customers would.
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "BarcodeReader.h"
#include "Counts.h"

namespace {

namespace fs = std::filesystem;

constexpr const char *kUsage =
    "usage: barcode-reader --server URL --handshake-code CODE [OPTIONS] IMAGE_OR_FOLDER...\n"
    "\n"
    "Decodes the barcodes in PNG and JPEG images (of folders: all in them and below).\n"
    "\n"
    "  --server URL           the License Tracking Server\n"
    "  --handshake-code CODE  what usage is counted under\n"
    "  --slot-seconds N       length of a time slot (180; divides a day)\n"
    "  --data-directory D     where usage is kept (.openlts in the home directory)\n"
    "  --json                 print only a summary, as JSON\n"
    "  --help                 print this\n";

// What the command line says.
struct Options {
  std::string server;
  std::string handshake_code;
  std::string data_directory;
  int slot_seconds = 180;
  bool json = false;
  std::vector<std::string> paths;
};

[[noreturn]] void Fail(const std::string &message) {
  std::fprintf(stderr, "barcode-reader: %s\nTry --help.\n", message.c_str());
  std::exit(2);
}

int ToNumber(const std::string &option, const char *text) {
  char *end = nullptr;
  const long number = std::strtol(text, &end, 10);
  if (*text == '\0' || *end != '\0' || number < 1 || number > 86400) {
    Fail(option + " needs a number from 1 to 86400, not \"" + text + "\"");
  }
  return static_cast<int>(number);
}

Options Parse(int argc, char **argv) {
  Options options;
  for (int i = 1; i < argc; i++) {
    const std::string word = argv[i];
    const auto value = [&]() -> const char * {
      if (i + 1 == argc) Fail(word + " needs a value");
      return argv[++i];
    };
    if (word == "--help") {
      std::fputs(kUsage, stdout);
      std::exit(0);
    } else if (word == "--json") {
      options.json = true;
    } else if (word == "--server") {
      options.server = value();
    } else if (word == "--handshake-code") {
      options.handshake_code = value();
    } else if (word == "--data-directory") {
      options.data_directory = value();
    } else if (word == "--slot-seconds") {
      options.slot_seconds = ToNumber(word, value());
    } else if (word.size() > 1 && word[0] == '-') {
      Fail("there is no option " + word);
    } else {
      options.paths.push_back(word);
    }
  }
  if (options.server.empty()) Fail("--server is missing");
  if (options.handshake_code.empty()) Fail("--handshake-code is missing");
  if (options.paths.empty()) Fail("name at least one image or folder");
  return options;
}

bool LooksLikeImage(const fs::path &path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension == ".png" || extension == ".jpg" || extension == ".jpeg";
}

// The images to decode, in order: files as they were named; of folders, what
// looks like an image.
std::vector<std::string> ImagesOf(const std::vector<std::string> &paths) {
  std::vector<std::string> images;
  for (const std::string &path : paths) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      images.push_back(path);
      continue;
    }
    std::vector<std::string> found;
    fs::recursive_directory_iterator it(path, fs::directory_options::skip_permission_denied, error);
    for (; !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
      if (it->is_regular_file(error) && LooksLikeImage(it->path())) {
        found.push_back(it->path().string());
      }
    }
    if (error) {
      std::fprintf(stderr, "barcode-reader: %s: %s\n", path.c_str(), error.message().c_str());
    }
    std::sort(found.begin(), found.end());
    images.insert(images.end(), found.begin(), found.end());
  }
  return images;
}

// One line on a terminal which is written over and over.
class Progress {
 public:
  explicit Progress(std::size_t total) : total_(total), shown_(isatty(STDERR_FILENO) != 0) {}
  ~Progress() { Clear(); }

  void Step(const std::string &path) {
    done_++;
    if (!shown_) return;
    Clear();
    std::fprintf(stderr, "[%zu/%zu] %.60s", done_, total_,
                 path.c_str() + (path.size() > 60 ? path.size() - 60 : 0));
  }

  void Clear() const {
    if (shown_) std::fputs("\r\033[K", stderr);
  }

 private:
  std::size_t total_;
  std::size_t done_ = 0;
  bool shown_;
};

} // namespace

int main(int argc, char **argv) {
  const Options options = Parse(argc, argv);

  DM_LTSConnectionParameters parameters;
  CBarcodeReader::InitLTSConnectionParameters(&parameters);
  parameters.mainServerURL = options.server.c_str();
  parameters.handshakeCode = options.handshake_code.c_str();
  parameters.dataDirectory = options.data_directory.c_str();
  parameters.slotSeconds = options.slot_seconds;
  char message[256];
  int status = CBarcodeReader::InitLicenseFromLTS(&parameters, message, sizeof message);
  if (status != DBR_OK) {
    std::fprintf(stderr, "barcode-reader: no license (%d): %s\n", status, message);
    return 1;
  }

  const std::vector<std::string> images = ImagesOf(options.paths);
  CBarcodeReader reader;
  Counts decoded;
  int files = 0;
  Progress progress(images.size());
  for (const std::string &image : images) {
    progress.Step(image);
    status = reader.DecodeFile(image.c_str());
    if (status != DBR_OK) {
      progress.Clear();
      std::fprintf(stderr, "barcode-reader: %s: %s\n", image.c_str(),
                   CBarcodeReader::GetErrorString(status));
      continue;
    }
    files++;
    for (const TextResult &result : reader.GetTextResults()) {
      decoded[result.formatName]++;
      if (!options.json) {
        progress.Clear();
        std::printf("%s: %s: %s\n", image.c_str(), result.formatName, result.text.c_str());
      }
    }
  }
  progress.Clear();

  status = CBarcodeReader::ReleaseLicense(10000);
  if (status != DBR_OK) {
    std::fprintf(stderr, "barcode-reader: usage is not all reported yet (%d): %s\n", status,
                 CBarcodeReader::GetErrorString(status));
  }
  if (options.json) {
    std::printf("{\"files\": %d, \"decoded\": %s}\n", files, ToJson(decoded).c_str());
  } else {
    std::printf("%d images\n", files);
    for (const auto &[name, count] : decoded) std::printf("%8d %s\n", count, name.c_str());
  }
  return 0;
}
