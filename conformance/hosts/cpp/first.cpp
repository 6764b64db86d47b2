#include <cstdlib>
#include <iostream>
#include <openlts/openlts.hpp>
#include <thread>
#include <vector>

int main() try {
  auto license = openlts::License::from_key(std::getenv("LTS_KEY"));
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; thread++) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; i++) license.record(LTS_OT_QR_CODE);
    });
  }
  for (int i = 0; i < 500; i++) license.record(LTS_OT_PAGE_SCANNED);
  for (auto &thread : threads) thread.join();
  std::cout << "recorded" << std::endl;
  return license.close(std::chrono::seconds{3}) != LTS_OK;
} catch (const openlts::Error &error) {
  std::cerr << error.what() << '\n';
  return 1;
}
