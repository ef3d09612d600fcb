// An application written with the vendor's SDK, as its README shows; it tells each thing that happens as a line of JSON.
'use strict';

require('./names.cjs');

const axios = require('axios');
const { DWClient, EventAck, TOPIC_CARD, TOPIC_ROBOT } = require('dingtalk-stream');

const { clientId, clientSecret, keepAlive } = JSON.parse(process.argv[2]);
const client = new DWClient({ clientId, clientSecret, keepAlive, ua: 'test/1.0' });
let refusals = 0;

function tell(what, more) {
  process.stdout.write(`${JSON.stringify({ what, ...more })}\n`);
}

client.registerAllEventListener((frame) => {
  const { eventType, eventId, eventCorpId } = frame.headers;
  const data = JSON.parse(frame.data);
  tell('event', { type: eventType, id: eventId, company: eventCorpId, data });
  refusals += 1;
  return { status: data.refuse >= refusals ? EventAck.LATER : EventAck.SUCCESS };
});

client.registerCallbackListener(TOPIC_ROBOT, async (frame) => {
  const { text, senderStaffId, conversationId, sessionWebhook } = JSON.parse(frame.data);
  const words = text.content.trim();
  tell('words', { text: words, sender: senderStaffId, group: conversationId });
  const token = await client.getAccessToken();
  const reply = await axios({
    url: sessionWebhook,
    method: 'POST',
    data: { msgtype: 'text', text: { content: `heard: ${words}` } },
    headers: { 'x-acs-dingtalk-access-token': token },
  });
  client.socketCallBackResponse(frame.headers.messageId, reply.data);
  tell('replied', { token, answer: reply.data });
});

client.registerCallbackListener(TOPIC_CARD, (frame) => {
  const { outTrackId, userId, content } = JSON.parse(frame.data);
  tell('click', { card: outTrackId, user: userId, content: JSON.parse(content) });
  client.socketCallBackResponse(frame.headers.messageId, {
    cardUpdateOptions: { updateCardDataByKey: true },
    cardData: { cardParamMap: { state: 'working' } },
  });
});

client.connect();
