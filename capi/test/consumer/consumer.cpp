#include <cstdio>
#include <openlts/openlts.hpp>

int main() {
  openlts::Status status;
  const auto license = openlts::License::from_lts(openlts::ConnectionParameters{}, status);
  std::printf("C++: OpenLTS %s, without parameters: %s\n", openlts::version(), status.name());
  return openlts::abi_matches() && !license ? 0 : 1;
}
