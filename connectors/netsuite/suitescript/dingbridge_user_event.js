/**
 * Tells the bridge which record was saved or deleted, so that it is read again at once.
 *
 * Nothing of the record is sent but its type, its internal id and when it was last modified. Whatever goes wrong here
 * is logged and never reaches the person who saves: the bridge also polls, and finds what was not told.
 *
 * Parameters of the script record:
 *   custscript_dingbridge_url     address of the relay, https://bridge.example.com/hooks/SOURCE
 *   custscript_dingbridge_secret  script id of the API secret that holds the shared key, custsecret_dingbridge
 *
 * https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_4407992281.html
 *
 * @NApiVersion 2.1
 * @NScriptType UserEventScript
 * @NModuleScope SameAccount
 */
define(['N/cache', 'N/crypto', 'N/encode', 'N/https', 'N/log', 'N/runtime'],
    (cache, crypto, encode, https, log, runtime) => {
        // The shortest life that N/cache gives an entry. So long nobody's save waits for a relay that does not answer.
        const PAUSE_SECONDS = 300;
        const PAUSED = 'paused';

        const pause = () => cache.getCache({ name: 'dingbridge', scope: cache.Scope.PROTECTED });

        const signature = (secret, text) => {
            const key = crypto.createSecretKey({ secret, encoding: encode.Encoding.UTF_8 });
            const hmac = crypto.createHmac({ algorithm: crypto.HashAlg.SHA256, key });
            hmac.update({ input: text, inputEncoding: encode.Encoding.UTF_8 });
            return hmac.digest({ outputEncoding: encode.Encoding.HEX });
        };

        // Inline editing gives the edited fields alone, and a deleted record has no new state: then there is no stamp.
        const stampOf = (record) => {
            const stamp = record.getValue({ fieldId: 'lastmodifieddate' });
            return stamp instanceof Date ? stamp.toISOString() : null;
        };

        const told = (context) => {
            const deleted = context.type === context.UserEventType.DELETE;
            const record = deleted ? context.oldRecord : context.newRecord;
            return {
                account: runtime.accountId,
                event: context.type,
                type: record.type,
                id: String(record.id),
                stamp: deleted ? null : stampOf(record),
            };
        };

        const post = (url, secret, body) => {
            const time = String(Math.floor(Date.now() / 1000));
            return https.post({
                url,
                body,
                headers: {
                    'Content-Type': 'application/json',
                    'X-Dingbridge-Time': time,
                    'X-Dingbridge-Signature': signature(secret, `${time}.${body}`),
                },
            });
        };

        const send = (body) => {
            const script = runtime.getCurrentScript();
            const url = script.getParameter({ name: 'custscript_dingbridge_url' });
            const secret = script.getParameter({ name: 'custscript_dingbridge_secret' });
            const answer = post(url, secret, body);
            if (answer.code < 200 || answer.code > 299) {
                throw new Error(`the relay answered ${answer.code} ${String(answer.body).slice(0, 100)}`);
            }
        };

        const afterSubmit = (context) => {
            try {
                if (pause().get({ key: PAUSED })) {
                    return;
                }
                const body = JSON.stringify(told(context));
                try {
                    send(body);
                } catch (error) {
                    pause().put({ key: PAUSED, value: 'yes', ttl: PAUSE_SECONDS });
                    log.error({ title: `dingbridge was not told, pausing ${PAUSE_SECONDS} s`, details: `${error} ${body}` });
                }
            } catch (error) {
                log.error({ title: 'dingbridge was not told', details: String(error) });
            }
        };

        return { afterSubmit };
    });
