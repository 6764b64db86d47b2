// Errors with a status code, its name and a message.

export function LTSError(code, name, message, refused) {
  var error = new Error(message);
  error.code = code;
  error.name = name;
  error.refused = !!refused;
  return error;
}

export function unreached(server) {
  return LTSError(
    -20200,
    'FAILED_TO_REACH_LTS',
    'Failed to reach License Tracking Server. ' + server + " can't be reached",
  );
}

export function strange(server) {
  return LTSError(
    -20307,
    'SERVER_RESPONSE_INVALID',
    server + ' answered, but not as a License Tracking Server does (a proxy or a login page?)',
  );
}

export function otherServer(server) {
  return LTSError(
    -20306,
    'SERVER_KEY_MISMATCH',
    server + ' is another License Tracking Server than the one that is meant, and was sent nothing; check the address',
  );
}
