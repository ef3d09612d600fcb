"use strict";

// Polls once a second for what is new; all HTML that arrives was escaped by the server.
const group = document.body.dataset.group;
const messages = document.querySelector(".messages");
let last = Number(document.body.dataset.last);

const seenKey = (id) => `dingtalk-sandbox-seen:${id}`;
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

function append(html) {
  const atEnd = messages.scrollHeight - messages.scrollTop - messages.clientHeight < 80;
  messages.insertAdjacentHTML("beforeend", html);
  while (messages.children.length > 300) messages.firstElementChild.remove();
  if (atEnd) messages.scrollTop = messages.scrollHeight;
}

async function poll() {
  try {
    const reply = await fetch(`/__sandbox/chat/${encodeURIComponent(group)}?after=${last}`);
    const news = await reply.json();
    if (news.last < last) return location.reload();
    last = news.last;
    if (news.html) append(news.html);
    news.groups.forEach(showLine);
  } catch {
    // the sandbox is away; the next poll tries again
  }
  setTimeout(poll, 1000);
}

document.querySelectorAll(".group").forEach((row) => showUnread(row, row.dataset.group, Number(row.dataset.count)));
messages.scrollTop = messages.scrollHeight;
setTimeout(poll, 1000);
