/* 走访安排, the page on the phone. Keeps what is filled in on the phone until the centre has said that
   it has it, so that nothing is lost where the network ends. Plain script, ES2017, no dependency.

   What waits lies in IndexedDB as AES-GCM under a key that comes with the page (one for this person
   and this round) and is only ever in memory: without signing in again nobody reads it. Beside it
   lie in the clear: number of the round and the stop, the time, a tag of the key. An entry is taken
   away only when the answer names its own key; one that arrives twice is kept once by the centre.
   A form that is half filled in is kept the same way, is never sent, and stands in its place again.
   Without WebCrypto or IndexedDB nothing is kept, and the page says so. */
(function () {
  'use strict';
  var $ = function (s, r) { return (r || document).querySelector(s); };
  var $$ = function (s, r) { return Array.prototype.slice.call((r || document).querySelectorAll(s)); };
  var box = $('#keep');
  if (!box) return;
  var round = box.dataset.round, csrf = box.dataset.csrf, owner = box.dataset.owner, hex = box.dataset.seal;
  box.removeAttribute('data-seal');

  var PHOTO_MAX = 10 * 1024 * 1024, WAIT_MIN = 5000, WAIT_MAX = 60000, PATIENCE = 60000;
  var db = null, seal = null;
  var mine = {};      /* entries of this person and round, by key */
  var said = {};      /* why the centre did not take one */
  var held = {};      /* those that are being changed: not sent meanwhile */
  var photos = {};    /* photographs of entries that are being changed, by stop */
  var typing = {};    /* timers of forms that are being filled in, by stop */
  var halves = [];    /* what was half filled in when the page was left */
  var strangers = 0, elsewhere = {};
  var sending = false, signedOut = false, offline = false, lost = '', wait = WAIT_MIN, timer = 0;

  function waiting() {
    return Object.keys(mine).sort(function (a, b) { return mine[a].at < mine[b].at ? -1 : 1; });
  }

  /* Bytes. */
  function unhex(text) {
    return new Uint8Array((text.match(/../g) || []).map(function (two) { return parseInt(two, 16); }));
  }
  function tohex(bytes) {
    return Array.prototype.map.call(bytes, function (b) { return ('0' + b.toString(16)).slice(-2); }).join('');
  }
  function fresh() { return tohex(crypto.getRandomValues(new Uint8Array(16))); }
  function bytesOf(blob) { return new Response(blob).arrayBuffer(); }
  function bound(stop) { return new TextEncoder().encode(round + '/' + stop); }

  /* An entry: four bytes of length, the fields as JSON, the photograph. */
  async function sealed(stop, entry) {
    var head = { fields: entry.fields };
    if (entry.photo) head.photo = { name: entry.photo.name || 'photo', type: entry.photo.type };
    var text = new TextEncoder().encode(JSON.stringify(head));
    var picture = entry.photo ? new Uint8Array(await bytesOf(entry.photo)) : new Uint8Array(0);
    var all = new Uint8Array(4 + text.length + picture.length);
    new DataView(all.buffer).setUint32(0, text.length);
    all.set(text, 4);
    all.set(picture, 4 + text.length);
    var iv = crypto.getRandomValues(new Uint8Array(12));
    var how = { name: 'AES-GCM', iv: iv, additionalData: bound(stop) };
    return { iv: iv, sealed: await crypto.subtle.encrypt(how, seal, all) };
  }
  async function opened(row) {
    var how = { name: 'AES-GCM', iv: row.iv, additionalData: bound(row.stop) };
    var all = await crypto.subtle.decrypt(how, seal, row.sealed);
    var length = new DataView(all).getUint32(0);
    var head = JSON.parse(new TextDecoder().decode(new Uint8Array(all, 4, length)));
    var entry = { fields: head.fields, photo: null };
    if (head.photo) {
      entry.photo = new Blob([new Uint8Array(all, 4 + length)], { type: head.photo.type });
      entry.photo.name = head.photo.name;
    }
    return entry;
  }

  /* The store on the phone. */
  function open() {
    return new Promise(function (done, fail) {
      var asked = indexedDB.open('zhuxue-rounds', 1);
      asked.onupgradeneeded = function () { asked.result.createObjectStore('entries', { keyPath: 'id' }); };
      asked.onsuccess = function () { done(asked.result); };
      asked.onerror = asked.onblocked = function () { fail(asked.error); };
    });
  }
  /* Runs `body` on the store; done only when the phone says that it is written. */
  function stored(mode, body) {
    return new Promise(function (done, fail) {
      var work = db.transaction('entries', mode), asked = body(work.objectStore('entries'));
      work.oncomplete = function () { done(asked && asked.result); };
      work.onerror = work.onabort = function () { fail(work.error); };
    });
  }

  async function begin() {
    try {
      if (!window.isSecureContext || !crypto.subtle || !window.indexedDB) throw new Error('no crypto');
      var raw = unhex(hex);
      seal = await crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt']);
      db = await open();
      (await stored('readonly', function (s) { return s.getAll(); })).forEach(function (row) {
        if (row.draft) { if (row.round === round && row.owner === owner) halves.push(row); }
        else if (row.round !== round) elsewhere[row.round] = (elsewhere[row.round] || 0) + 1;
        else if (row.owner !== owner) strangers += 1;
        else mine[row.id] = row;
      });
    } catch (e) { db = null; }
    hex = '';
    box.dataset.ready = db ? 'keeps' : 'direct';
    for (var i = 0; i < halves.length; i++) await again(halves[i]);
    show();
    if (db) send();
  }

  /* What the page says. */
  function make(name, words, cls) {
    var e = document.createElement(name);
    if (words) e.textContent = words;
    if (cls) e.className = cls;
    return e;
  }
  function card(stop) { return document.getElementById('s' + stop); }
  function called(stop) {
    var h = card(stop) && $('h4', card(stop));
    return h ? h.textContent : '这一页上没有的一户';
  }
  function mark(stop, kind, words) {
    var place = card(stop) && $('[data-state]', card(stop));
    if (!place) return;
    place.textContent = '';
    place.appendChild(make('span', words, 'tag ' + kind));
  }
  function show() {
    $('#keep-sign').hidden = !signedOut;
    var ids = waiting(), n = ids.length, head = $('#keep-n'), why = $('#keep-why'), list = $('#keep-list');
    if (!db) {
      head.textContent = '这台手机上不保留填的内容';
      why.textContent = '浏览器不能加密存放，或者网址不是 https。有网络时填好一户直接送一户；没有送到时填的还在这一页，请不要关掉。';
      return;
    }
    head.textContent = n ? '已存在手机上 ' + n + ' 条，还没有送到' : '都送到了';
    var refused = ids.filter(function (id) { return said[id]; }).length;
    why.textContent = lost ? lost
      : signedOut && n ? '登录过期了。填的都还在手机上，请用原来的账号重新登录，登录后会自己送。'
      : sending ? '正在送…'
      : refused ? '有 ' + refused + ' 条中心没有收，请看下面的原因。'
      : n ? '现在送不出去也不要紧：有了网络会自己送，也可以按“现在送”。送到以前请不要清除浏览器的数据。'
      : '填好的先加密存在手机上，有网络就送；送到以后手机上不留。';
    $('#keep-send').hidden = !n;
    $('#keep-send').disabled = sending;
    list.textContent = '';
    ids.forEach(function (id) { list.appendChild(line(mine[id])); mark(mine[id].stop, 'wait', '已存在手机上'); });
    Object.keys(elsewhere).forEach(function (other) {
      var li = make('li', '另一次走访还有 ' + elsewhere[other] + ' 条没有送到：'), a = make('a', '打开那一页');
      a.href = '/visits/rounds/' + encodeURIComponent(other) + '/phone';
      li.appendChild(a);
      list.appendChild(li);
    });
    if (strangers) list.appendChild(make('li', '还有 ' + strangers + ' 条是别人在这台手机上填的，请他本人登录后再送。'));
    var more = $('#keep-more');
    more.hidden = !list.childNodes.length;
    if (refused) more.open = true;
  }
  function button(words, id, act) {
    var b = make('button', words, 'btn');
    b.type = 'button';
    b.dataset.act = act;
    b.dataset.id = id;
    return b;
  }
  function line(row) {
    var at = new Date(row.at), li = make('li');
    var minutes = ('0' + at.getMinutes()).slice(-2);
    li.appendChild(make('b', called(row.stop)));
    li.appendChild(make('span', '　' + at.getHours() + ':' + minutes + ' 填', 'sub'));
    if (said[row.id]) li.appendChild(make('p', said[row.id], 'c-bad'));
    li.appendChild(make('p', '', 'shown'));
    var p = make('p', '', 'acts');
    p.appendChild(button('看一看', row.id, 'look'));
    if (held[row.id]) p.appendChild(button('不改了', row.id, 'leave'));
    else if (card(row.stop) && $('form', card(row.stop))) p.appendChild(button('改一改', row.id, 'change'));
    p.appendChild(button('删掉', row.id, 'ask'));
    li.appendChild(p);
    return li;
  }
  function words(field) {
    var inputs = $$('form input[type=radio], form input[type=checkbox]');
    var same = inputs.find(function (i) { return i.name === field[0] && i.value === field[1]; });
    return same ? same.parentNode.textContent.trim() : field[1];
  }
  function wrong(form, all) {
    var place = $('[data-wrong]', form), prefix = 's' + stopOf(form) + '-';
    place.textContent = '';
    place.hidden = !all.length;
    all.forEach(function (one) {
      var a = make('a', one.message);
      a.href = '#' + (document.getElementById(prefix + one.field) ? prefix + one.field : 's' + stopOf(form));
      place.appendChild(a);
    });
    if (all.length) place.scrollIntoView();
  }
  function stopOf(form) { return form.closest('[data-stop]').dataset.stop; }

  /* Out of a form, and back into it. */
  function read(form) {
    var entry = { fields: [], photo: photos[stopOf(form)] || null };
    new FormData(form).forEach(function (value, name) {
      if (name === 'csrf' || name === 'key') return;
      if (typeof value === 'string') entry.fields.push([name, value]);
      else if (value.size) entry.photo = value;
    });
    return entry;
  }
  function check(entry) {
    var one = function (name) {
      var found = entry.fields.find(function (f) { return f[0] === name; });
      return found ? found[1].trim() : '';
    };
    var all = [], outcome = one('outcome');
    var say = function (field, message) { all.push({ field: field, message: message }); };
    if (!outcome) say('outcome', '请选一项走访结果');
    if (!one('met') && outcome !== 'no_answer' && outcome !== 'moved_away') say('met', '请选见到了谁');
    if (outcome === 'promised' && !one('promised_on')) say('promised_on', '约好了还款，请写约定的日子');
    if (!one('filled_by')) say('filled_by', '请写填表人的姓名');
    if (entry.photo && entry.photo.size > PHOTO_MAX) say('photo', '照片超过 10 MB，请换一张小一点的，或者先不附照片');
    return all;
  }
  function fill(form, entry) {
    form.reset();
    entry.fields.forEach(function (field) {
      $$('[name="' + field[0] + '"]', form).forEach(function (input) {
        if (input.type === 'radio' || input.type === 'checkbox') input.checked = input.checked || input.value === field[1];
        else if (input.type !== 'hidden' && input.type !== 'file') input.value = field[1];
      });
    });
    if (entry.photo) photos[stopOf(form)] = entry.photo;
    form.closest('details').open = true;
  }
  function refill(form, entry) {
    fill(form, entry);
    form.scrollIntoView();
  }

  /* A form that is half filled in. */
  function half(stop) { return 'half/' + round + '/' + stop + '/' + owner; }
  function halfKept(form) {
    var stop = stopOf(form), now = {};
    if (typing[stop]) clearTimeout(typing[stop].timer);
    typing[stop] = now;
    now.timer = setTimeout(async function () {
      try {
        var row = await sealed(stop, read(form));
        row.id = half(stop); row.round = round; row.stop = stop; row.owner = owner; row.at = new Date().toISOString();
        row.draft = true; row.instead = form.dataset.instead || '';
        /* Sent or emptied meanwhile: nothing is half done any more. */
        if (typing[stop] === now) await stored('readwrite', function (s) { return s.put(row); });
      } catch (e) { /* what is typed is still in the form */ }
    }, 400);
  }
  function halfGone(stop) {
    if (typing[stop]) clearTimeout(typing[stop].timer);
    delete typing[stop];
    if (db) stored('readwrite', function (s) { return s.delete(half(stop)); }).catch(function () { /* shown once more */ });
  }
  async function again(row) {
    var form = card(row.stop) && $('form', card(row.stop));
    if (!form) return halfGone(row.stop);
    try {
      fill(form, await opened(row));
      if (mine[row.instead]) { form.dataset.instead = row.instead; held[row.instead] = true; }
      mark(row.stop, 'wait', '填了一半');
    } catch (e) { halfGone(row.stop); }
  }
  function emptied(form) {
    halfGone(stopOf(form));
    form.reset();
    delete photos[stopOf(form)];
    form.elements.key.value = fresh();
    delete form.dataset.instead;
    wrong(form, []);
    form.closest('details').open = false;
  }
  function arrived(stop) {
    mark(stop, 'acc', '已报回，待核对');
    var details = card(stop) && $('details', card(stop));
    var more = Object.keys(mine).some(function (id) { return mine[id].stop === stop; });
    /* An open form may hold what is being typed. */
    if (details && !details.open && !more) details.remove();
  }

  async function keep(form) {
    var stop = stopOf(form), entry = read(form), id = form.elements.key.value, old = form.dataset.instead;
    var all = check(entry);
    wrong(form, all);
    if (all.length) return;
    if (!db) return direct(form, stop, id, entry);
    try {
      var row = await sealed(stop, entry);
      row.id = id; row.round = round; row.stop = stop; row.owner = owner; row.at = new Date().toISOString();
      /* A changed entry takes the place of the old one in one go. It gets a key of its own: had the
         old one arrived after all, the centre says so instead of swallowing the change. */
      await stored('readwrite', function (s) { if (old) s.delete(old); return s.put(row); });
    } catch (e) {
      lost = '手机存不下了，刚填的没有存。填的还在表里，请有网络时再按一次。';
      return direct(form, stop, id, entry);
    }
    if (old) { delete mine[old]; delete said[old]; delete held[old]; }
    mine[id] = row;
    emptied(form);
    card(stop).scrollIntoView();
    if (navigator.storage && navigator.storage.persist) navigator.storage.persist().catch(function () { /* asked only */ });
    wait = WAIT_MIN;
    show();
    send();
  }

  /* To the centre. */
  /* Signed in again in another tab: forms need the token of the new session. Nothing is sent in the
     name of somebody else. */
  async function renewed() {
    try {
      var answer = await fetch('/visits/rounds/' + round + '/phone', { credentials: 'same-origin', redirect: 'manual', cache: 'no-store' });
      if (!answer.ok) return false;
      var page = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('keep');
      if (!page || page.dataset.owner !== owner) return false;
      csrf = page.dataset.csrf;
      return true;
    } catch (e) { return false; }
  }
  async function post(stop, id, entry) {
    var form = new FormData(), stopped = new AbortController();
    form.append('csrf', csrf);
    form.append('key', id);
    entry.fields.forEach(function (field) { form.append(field[0], field[1]); });
    if (entry.photo) form.append('photo', entry.photo, entry.photo.name || 'photo');
    var late = setTimeout(function () { stopped.abort(); }, PATIENCE);
    try {
      var answer = await fetch('/visits/rounds/' + round + '/stops/' + stop, {
        method: 'POST', body: form, credentials: 'same-origin', redirect: 'manual', cache: 'no-store',
        headers: { Accept: 'application/json' }, signal: stopped.signal
      });
      if (answer.status === 401 || answer.status === 403) return { kind: 'signed-out' };
      if (answer.status >= 500) return { kind: 'later' };
      /* A page of a hotel's or a carrier's network is no answer of ours. */
      var told = await answer.json();
      if (answer.ok) return { kind: told.kept === id ? 'kept' : 'later' };
      return { kind: 'refused', message: told.message || '中心没有收下', errors: told.errors || [] };
    } catch (e) {
      return { kind: 'later' };
    } finally { clearTimeout(late); }
  }
  async function send() {
    if (!db || sending) return;
    clearTimeout(timer);
    var ids = waiting().filter(function (id) { return !said[id] && !held[id]; });
    if (!ids.length) return show();
    sending = true;
    show();
    if (signedOut && !(await renewed())) {
      sending = false;
      return show();
    }
    offline = signedOut = false;
    for (var i = 0; i < ids.length && !offline && !signedOut; i++) {
      var id = ids[i], row = mine[id], told;
      if (!row || held[id]) continue;
      try { told = await post(row.stop, id, await opened(row)); }
      catch (e) { told = { kind: 'refused', message: '这一条在手机上打不开了，请再填一次' }; }
      if (told.kind === 'kept') {
        await stored('readwrite', function (s) { return s.delete(id); }).catch(function () { /* sent again, kept once */ });
        delete mine[id];
        arrived(row.stop);
      } else if (told.kind === 'refused') said[id] = told.message;
      else if (told.kind === 'signed-out') signedOut = true;
      else offline = true;
    }
    sending = false;
    if (offline) { timer = setTimeout(send, wait); wait = Math.min(wait * 2, WAIT_MAX); }
    else if (!signedOut && Object.keys(mine).some(function (id) { return !said[id] && !held[id]; })) timer = setTimeout(send, 0);
    show();
  }
  async function direct(form, stop, id, entry) {
    var b = $('.btn.pri[type=submit], button:not([type])', form);
    b.disabled = true;
    var told = signedOut && !(await renewed()) ? { kind: 'signed-out' } : await post(stop, id, entry);
    signedOut = told.kind === 'signed-out';
    b.disabled = false;
    if (told.kind === 'kept') {
      var old = form.dataset.instead;
      if (old) {
        delete mine[old]; delete said[old]; delete held[old];
        await stored('readwrite', function (s) { return s.delete(old); }).catch(function () { /* stays listed */ });
      }
      lost = '';
      emptied(form);
      arrived(stop);
      return show();
    }
    if (told.kind === 'refused') wrong(form, told.errors.length ? told.errors : [{ field: 'outcome', message: told.message }]);
    else if (told.kind === 'signed-out') wrong(form, [{ field: 'outcome', message: '登录过期了，没有送到。请按最上面的“重新登录”，登录后回到这一页再按一次；填的还在这里' }]);
    else wrong(form, [{ field: 'outcome', message: '没有送到，网络不通。填的还在这一页，请不要关掉，有网络再按一次' }]);
    show();
  }

  /* What people press and type. */
  ['input', 'change'].forEach(function (kind) {
    document.addEventListener(kind, function (e) {
      var form = e.target.form;
      if (db && form && form.closest('[data-stop]')) halfKept(form);
    });
  });
  document.addEventListener('submit', function (e) {
    if (!e.target.closest('[data-stop]') || !box.dataset.ready) return;
    e.preventDefault();
    keep(e.target);
  });
  document.addEventListener('click', async function (e) {
    var b = e.target.closest ? e.target.closest('#keep button') : null;
    if (!b) return;
    if (b.id === 'keep-send') { said = {}; wait = WAIT_MIN; return send(); }
    var id = b.dataset.id, row = mine[id];
    if (!row) return;
    if (b.dataset.act === 'look') {
      var entry = await opened(row), place = $('.shown', b.closest('li'));
      var all = entry.fields.filter(function (f) { return f[1]; }).map(words);
      place.textContent = place.textContent ? '' : all.join('；') + (entry.photo ? '；有照片' : '');
    } else if (b.dataset.act === 'change') {
      held[id] = true;
      var form = $('form', card(row.stop));
      refill(form, await opened(row));
      form.dataset.instead = id;
      form.elements.key.value = fresh();
      show();
    } else if (b.dataset.act === 'leave') {
      delete held[id];
      emptied($('form', card(row.stop)));
      show();
      send();
    } else if (b.dataset.act === 'ask') {
      b.textContent = '真的删掉，不送了';
      b.dataset.act = 'drop';
    } else if (b.dataset.act === 'drop') {
      await stored('readwrite', function (s) { return s.delete(id); });
      delete mine[id]; delete said[id]; delete held[id];
      mark(row.stop, 'wait', '待走访');
      show();
    }
  });
  window.addEventListener('online', function () { wait = WAIT_MIN; send(); });
  document.addEventListener('visibilitychange', function () { if (!document.hidden) send(); });
  begin();
})();
