require_relative "openlts"

# When the application is loaded, or at the first request.
$license = OpenLTS.open_license if ENV["OPEN_AT"] == "load"
opening = Mutex.new

run(lambda do |_environment|
  opening.synchronize { $license ||= OpenLTS.open_license }
  OpenLTS.LTS_RecordOperation($license, OpenLTS::QR_CODE, 1)
  [200, {"content-type" => "text/plain"}, [Process.pid.to_s]]
end)
