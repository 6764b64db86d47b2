// Takes away from the page what the test says that there is not.
for (const name of (new URLSearchParams(location.search).get('without') || '').split(',').filter(Boolean)) {
  const [object, property] = name.split('.');
  const owner = object === 'crypto' ? Crypto.prototype : object === 'navigator' ? Navigator.prototype : window;
  Object.defineProperty(owner, property || object, { value: undefined, configurable: true });
}
