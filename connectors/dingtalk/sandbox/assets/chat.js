"use strict";

// Polls once a second for what is new; all HTML that arrives was escaped by the server.
const { group, user, robot } = document.body.dataset;
const query = user ? `as=${encodeURIComponent(user)}` : "";
const messages = document.querySelector(".messages");
let last = Number(document.body.dataset.last);

const seenKey = (id) => `dingtalk-sandbox-seen:${user}:${id}`;
const isOpen = () => messages.offsetParent !== null && !document.hidden;

function showLine(line) {
  const row = document.querySelector(`.group[data-group="${CSS.escape(line.id)}"]`);
  if (!row) return location.reload();
  row.querySelector(".title").textContent = line.title;
  row.querySelector("time").textContent = line.clock;
  showUnread(row, line.id, line.count);
}

function showUnread(row, id, count) {
  if (id === group && isOpen()) localStorage.setItem(seenKey(id), count);
  const seen = Number(localStorage.getItem(seenKey(id)) || 0);
  if (seen > count) localStorage.setItem(seenKey(id), 0); // the sandbox was reset
  const unread = seen > count ? count : count - seen;
  const badge = row.querySelector(".unread");
  badge.hidden = unread === 0;
  badge.textContent = unread > 99 ? "99+" : unread;
}

const post = (path, body) =>
  fetch(`/__sandbox/${path}`, { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } });

// cards and notices change after they were shown, messages are recalled
const drawn = new Map();

function refresh(changing, indexes) {
  for (const article of [...messages.children]) {
    const index = article.dataset.index;
    if (!indexes.includes(Number(index))) article.remove();
    else if (index in changing && drawn.get(index) !== changing[index]) {
      article.outerHTML = changing[index];
      drawn.set(index, changing[index]);
    }
  }
}

async function press(button) {
  const told = button.closest(".bubble").querySelector(".outcome");
  const reply = await post("press", { user, card: button.dataset.card, action: button.dataset.action });
  const outcome = reply.ok ? (await reply.json()).outcome : await reply.text();
  if (outcome === "answered") return refreshNow();
  told.textContent = outcome;
  told.hidden = false;
}

async function say(form) {
  const text = form.elements.text.value;
  const mention = form.querySelector("[type=checkbox]");
  const inGroup = mention ? { group, mention: mention.checked } : {};
  const reply = await post("say", { user, text, app: robot, ...inGroup });
  const outcome = reply.ok ? (await reply.json()).outcome : await reply.text();
  form.querySelector(".told").textContent = outcome === "pushed" ? "" : outcome;
  if (reply.ok) form.reset();
  await refreshNow();
}

function append(html) {
  const atEnd = messages.scrollHeight - messages.scrollTop - messages.clientHeight < 80;
  messages.insertAdjacentHTML("beforeend", html);
  while (messages.children.length > 300) messages.firstElementChild.remove();
  if (atEnd) messages.scrollTop = messages.scrollHeight;
}

// one at a time, or a message would be appended twice
let turn = Promise.resolve();
const refreshNow = () => (turn = turn.then(load, load));

async function load() {
  const reply = await fetch(`/__sandbox/chat/${encodeURIComponent(group)}?after=${last}&${query}`);
  const news = await reply.json();
  if (news.last < last) return location.reload();
  const isNews = news.last > last;
  last = news.last;
  if (news.html) append(news.html);
  refresh(news.changing, news.indexes);
  news.groups.forEach(showLine);
  if (isNews) await markRead();
}

async function markRead() {
  if (user && isOpen()) await post("read", { user, conversation: group });
}

async function poll() {
  try {
    await refreshNow();
  } catch {
    // the sandbox is away; the next poll tries again
  }
  setTimeout(poll, 1000);
}

document.querySelector(".who select").addEventListener("change", (event) => {
  const chosen = event.target.value;
  location.assign(chosen ? `/?as=${encodeURIComponent(chosen)}` : "/");
});
messages.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-action]");
  if (button) press(button);
});
document.querySelector("form.say")?.addEventListener("submit", (event) => {
  event.preventDefault();
  say(event.target);
});
document.querySelectorAll(".group").forEach((row) => showUnread(row, row.dataset.group, Number(row.dataset.count)));
messages.scrollTop = messages.scrollHeight;
setTimeout(poll, 1000);
if (last) markRead();
