// The example SDK: what it decodes, what it records, and that no file harms it.
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "BarcodeReader.h"
#include "Image.h"
#include "test_server.hpp"

namespace {

using openlts_test::Process;
using openlts_test::TemporaryDirectory;
using openlts_test::TestServer;
using Counts = std::map<std::string, int>;

// Runs a program and gives what it prints, which must be JSON.
nlohmann::json Output(const std::vector<std::string> &arguments) {
  Process process;
  process.start(arguments);
  const std::string output = process.read_all();
  EXPECT_EQ(process.wait(), 0) << arguments[0];
  return nlohmann::json::parse(output);
}

class SDK : public testing::Test {
 protected:
  void SetUp() override { written = Output({BARCODE_WRITER, images()}); }

  void TearDown() override { CBarcodeReader::ReleaseLicense(0); }

  std::string images() const { return directory.path("images"); }

  // Gets the process authorized by a server.
  void Authorize(const TestServer &server) const {
    const std::string device = directory.path("device");
    char message[256];
    DM_LTSConnectionParameters parameters;
    ASSERT_EQ(CBarcodeReader::InitLTSConnectionParameters(&parameters), DBR_OK);
    parameters.mainServerURL = server.url().c_str();
    parameters.handshakeCode = "100001-reader";
    parameters.dataDirectory = device.c_str();
    ASSERT_EQ(CBarcodeReader::InitLicenseFromLTS(&parameters, message, sizeof message), DBR_OK)
        << message;
  }

  // Writes a file of given content and gives its path.
  std::string File(const std::string &name, const std::string &content) const {
    std::string path = directory.path(name);
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }

  TemporaryDirectory directory;
  nlohmann::json written;
};

TEST_F(SDK, decodes_and_records_all_symbologies) {
  const TestServer server;
  Authorize(server);
  CBarcodeReader reader;
  Counts decoded;
  int files = 0;
  for (const auto &entry : std::filesystem::directory_iterator(images())) {
    ASSERT_EQ(reader.DecodeFile(entry.path().c_str()), DBR_OK) << entry.path();
    files++;
    for (const TextResult &result : reader.GetTextResults()) {
      EXPECT_STREQ(result.formatName, BR_FormatName(result.format));
      EXPECT_NE(result.text, "");
      decoded[result.formatName]++;
    }
  }
  EXPECT_EQ(files, written.at("files"));
  EXPECT_EQ(decoded, written.at("written").get<Counts>());

  EXPECT_EQ(CBarcodeReader::ReleaseLicense(30000), DBR_OK);
  for (const auto &[type, count] : decoded) {
    EXPECT_EQ(server.count("100001-reader", "scans", type), count) << type;
  }
}

TEST_F(SDK, program) {
  const TestServer server;
  const nlohmann::json summary = Output(
      {BARCODE_READER, "--server", server.url(), "--handshake-code", "100001-reader",
       "--data-directory", directory.path("device"), "--slot-seconds", "2", "--json", images()});
  EXPECT_EQ(summary.at("files"), written.at("files"));
  EXPECT_EQ(summary.at("decoded"), written.at("written"));
  long decoded = 0;
  for (const auto &[type, count] : summary.at("decoded").items()) {
    EXPECT_EQ(server.count("100001-reader", "scans", type), count.get<long>()) << type;
    decoded += count.get<long>();
  }
  EXPECT_EQ(server.total(), decoded);
}

TEST_F(SDK, program_says_what_is_wrong) {
  EXPECT_EQ(openlts_test::run({BARCODE_READER, "--handshake-code", "x", images()}), 2);
  const TestServer server;
  EXPECT_EQ(
      openlts_test::run({BARCODE_READER, "--server", server.unreachable_url(), "--handshake-code",
                         "100001-reader", "--data-directory", directory.path("device"), images()}),
      1);
}

TEST_F(SDK, nothing_without_license) {
  CBarcodeReader reader;
  const std::string image = images() + "/QR_CODE-1-200.png";
  EXPECT_EQ(reader.DecodeFile(image.c_str()), LTS_ERR_NO_LICENSE);
  EXPECT_TRUE(reader.GetTextResults().empty());
  EXPECT_EQ(CBarcodeReader::ReleaseLicense(), LTS_ERR_NO_LICENSE);
  LTS_LicenseInfo info{};
  EXPECT_EQ(CBarcodeReader::GetLicenseInfo(&info), LTS_ERR_NO_LICENSE);
  EXPECT_STREQ(CBarcodeReader::GetErrorString(LTS_ERR_NO_LICENSE), "No license specified.");

  // A license that was refused is none.
  const TestServer server;
  Authorize(server);
  EXPECT_EQ(reader.DecodeFile(image.c_str()), DBR_OK);
  char message[256];
  DM_LTSConnectionParameters parameters;
  CBarcodeReader::InitLTSConnectionParameters(&parameters);
  EXPECT_EQ(CBarcodeReader::InitLicenseFromLTS(&parameters, message, sizeof message),
            LTS_ERR_INVALID_ARGUMENT);
  EXPECT_STRNE(message, "");
  EXPECT_EQ(CBarcodeReader::InitLicenseFromLTS(nullptr), LTS_ERR_INVALID_ARGUMENT);
  EXPECT_EQ(reader.DecodeFile(image.c_str()), LTS_ERR_NO_LICENSE);
  EXPECT_TRUE(reader.GetTextResults().empty());
}

TEST_F(SDK, bad_files) {
  const std::string png("\x89PNG\r\n\x1a\n", 8);
  const std::string jpeg("\xFF\xD8\xFF\xE0\x00\x10JFIF", 10);
  EXPECT_EQ(BR_DecodeFile(nullptr, nullptr, 0), DBRERR_NULL_POINTER);
  EXPECT_EQ(BR_DecodeFile("", nullptr, 0), DBRERR_FILE_NOT_FOUND);
  EXPECT_EQ(BR_DecodeFile(directory.path("none").c_str(), nullptr, 0), DBRERR_FILE_NOT_FOUND);
  EXPECT_EQ(BR_DecodeFile(images().c_str(), nullptr, 0), DBRERR_IMAGE_READ_FAILED);
  EXPECT_EQ(BR_DecodeFile(File("empty", "").c_str(), nullptr, 0), DBRERR_FILETYPE_NOT_SUPPORTED);
  EXPECT_EQ(BR_DecodeFile(File("text", "no image at all").c_str(), nullptr, 0),
            DBRERR_FILETYPE_NOT_SUPPORTED);
  EXPECT_EQ(BR_DecodeFile(File("cut.png", png).c_str(), nullptr, 0), DBRERR_IMAGE_READ_FAILED);
  EXPECT_EQ(BR_DecodeFile(File("cut.jpg", jpeg).c_str(), nullptr, 0), DBRERR_IMAGE_READ_FAILED);
  // A header that promises 60000 x 60000 pixels.
  const std::string huge("\0\0\0\rIHDR\0\0\xEA\x60\0\0\xEA\x60\x08\0\0\0\0\0\0\0\0", 25);
  EXPECT_EQ(BR_DecodeFile(File("huge.png", png + huge).c_str(), nullptr, 0),
            DBRERR_IMAGE_READ_FAILED);
  for (const int status :
       {DBRERR_UNKNOWN, DBRERR_NO_MEMORY, DBRERR_NULL_POINTER, DBRERR_FILE_NOT_FOUND,
        DBRERR_FILETYPE_NOT_SUPPORTED, DBRERR_IMAGE_READ_FAILED}) {
    EXPECT_STRNE(BR_ErrorString(status), LTS_StatusMessage(-1)) << status;
  }
}

TEST_F(SDK, c_api) {
  const std::string page = images() + "/PAGE-3.png";
  const auto results = std::make_unique<BR_Result[]>(4);
  ASSERT_EQ(BR_DecodeFile(page.c_str(), results.get(), 4), 3);
  Counts decoded;
  for (int i = 0; i < 3; i++) {
    EXPECT_STRNE(results[i].text, "");
    decoded[BR_FormatName(results[i].operationType)]++;
  }
  EXPECT_EQ(decoded, (Counts{{"QR_CODE", 1}, {"PDF417", 1}, {"UPC_A", 1}}));

  // What does not fit is counted and not stored.
  EXPECT_EQ(BR_DecodeFile(page.c_str(), nullptr, 0), 3);
  results[1].text[0] = '\0';
  EXPECT_EQ(BR_DecodeFile(page.c_str(), results.get(), 1), 3);
  EXPECT_STREQ(results[1].text, "");
  EXPECT_EQ(BR_DecodeFile(page.c_str(), results.get(), -1), DBRERR_NULL_POINTER);
  EXPECT_EQ(BR_DecodeFile(page.c_str(), nullptr, 1), DBRERR_NULL_POINTER);
  EXPECT_STREQ(BR_FormatName(-1), "");
}

// Images of which a decoder might die: noise, stripes, and codes cut anywhere.
TEST_F(SDK, no_image_harms) {
  std::mt19937 random(1);
  Image image;
  const std::string path = directory.path("hard.png");
  for (int round = 0; round < 60; round++) {
    image.width = 1 + static_cast<int>(random() % 700);
    image.height = 1 + static_cast<int>(random() % 700);
    image.pixels.resize(static_cast<std::size_t>(image.width) *
                        static_cast<std::size_t>(image.height));
    const int kind = round % 3;
    std::uint8_t value = 0;
    for (std::size_t i = 0; i < image.pixels.size(); i++) {
      const bool row_start = i % static_cast<std::size_t>(image.width) == 0;
      if (kind == 0 || (kind == 1 && random() % 4 == 0) || (kind == 2 && row_start)) {
        value = random() % 2 == 0 ? 0 : 255;
      }
      image.pixels[i] = value;
    }
    ASSERT_TRUE(WritePng(path, image));
    EXPECT_GE(BR_DecodeFile(path.c_str(), nullptr, 0), 0);
  }
  for (const auto &entry : std::filesystem::directory_iterator(images())) {
    Image whole;
    ASSERT_EQ(ReadImage(entry.path().c_str(), &whole), DBR_OK);
    whole.height -= static_cast<int>(random() % static_cast<unsigned>(whole.height));
    ASSERT_TRUE(WritePng(path, whole));
    EXPECT_GE(BR_DecodeFile(path.c_str(), nullptr, 0), 0) << entry.path();
  }
}

TEST_F(SDK, published_snippets) {
  const TestServer server;
  Process process;
  process.start({PUBLISHED_SNIPPETS, server.url(), directory.path("device")});
  EXPECT_EQ(process.read_line(), "100001-reader");
  EXPECT_EQ(process.wait(), 0);
}

} // namespace
