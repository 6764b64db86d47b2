// Makes of this browser one such as Internet Explorer 9: what it did not have is gone, and requests to other origins go
// through an XDomainRequest, which shows nothing of an answer but its text.
(function () {
  var Request = window.XMLHttpRequest;
  function XDomainRequest() {
    var self = this;
    this.request = new Request();
    this.open = function (method, address) {
      self.request.open(method, address, true);
    };
    this.abort = function () {
      self.request.abort();
    };
    this.send = function (body) {
      self.request.onload = function () {
        if (self.request.status !== 200) return self.onerror();
        self.responseText = self.request.responseText;
        self.onload();
      };
      self.request.onerror = function () {
        self.onerror();
      };
      self.request.setRequestHeader('Content-Type', 'text/plain');
      self.request.send(body);
    };
  }
  window.XDomainRequest = XDomainRequest;
  // It had one, for its own origin.
  window.XMLHttpRequest = function () {};
  [
    'Promise',
    'fetch',
    'indexedDB',
    'crypto',
    'Uint8Array',
    'ArrayBuffer',
    'TextEncoder',
    'TextDecoder',
    'Map',
    'Set',
    'Symbol',
    'atob',
    'btoa',
    'AbortController',
    'BroadcastChannel',
  ].forEach(function (name) {
    Object.defineProperty(window, name, { value: undefined, configurable: true });
  });
})();
