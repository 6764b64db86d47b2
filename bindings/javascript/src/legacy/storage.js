// What a page keeps: in localStorage, or else in memory.
import { root } from './root.js';

var prefix = 'openlts/';

// What can't be kept in localStorage is kept in the page.
var memory = {};
export var storage = null;
try {
  storage = root.localStorage;
  storage.setItem(prefix + 'probe', '1');
  storage.removeItem(prefix + 'probe');
} catch (e) {
  storage = null;
}

export function load(key) {
  var text = memory[key];
  if (text === undefined && storage) text = storage.getItem(prefix + key);
  try {
    return text ? JSON.parse(text) : null;
  } catch (e) {
    return null;
  }
}

// save reports false if the value is kept in the page only.
export function save(key, value) {
  var text = JSON.stringify(value);
  try {
    storage.setItem(prefix + key, text);
    delete memory[key];
    return true;
  } catch (e) {
    // full, blocked, or not there
    memory[key] = text;
    return false;
  }
}

export function drop(key) {
  delete memory[key];
  try {
    storage.removeItem(prefix + key);
  } catch (e) {
    // Not there.
  }
}

export function keysOf(begin) {
  var keys = [];
  var key;
  for (key in memory) if (memory.hasOwnProperty(key) && key.indexOf(begin) === 0) keys.push(key);
  try {
    for (var i = 0; i < storage.length; i++) {
      key = storage.key(i);
      if (key.indexOf(prefix + begin) === 0) keys.push(key.substr(prefix.length));
    }
  } catch (e) {
    // Not there.
  }
  return keys;
}
