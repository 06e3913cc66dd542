#!/usr/bin/env bash
# mail.sh: a live server that sends its mails to a real SMTP sink, over STARTTLS and with credentials. Judges that they
# arrive, in three languages and two forms, that their links work by the API and in Chromium, and what becomes of mails
# that the sink refuses.
source "$(dirname "$0")/../../lib.sh"
HERE="$ROOT/.ci/judges/mail"
MAILS="$(mktemp -d /tmp/salus-mails.XXXXXX)"
trap 'rm -rf "$MAILS"' EXIT

# A certificate authority of this run, and a certificate of localhost.
openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj "/CN=Salus judges" \
  -keyout "$MAILS/ca.key" -out "$MAILS/ca.pem" 2>/dev/null
openssl req -newkey rsa:2048 -nodes -subj "/CN=localhost" -keyout "$MAILS/key.pem" -out "$MAILS/request.pem" 2>/dev/null
openssl x509 -req -in "$MAILS/request.pem" -CA "$MAILS/ca.pem" -CAkey "$MAILS/ca.key" -CAcreateserial -days 1 \
  -extfile <(echo "subjectAltName=DNS:localhost") -out "$MAILS/certificate.pem" 2>/dev/null

export MAILS
python3 "$HERE/sink.py" "$ROOT/.ci/serve.sh" sqlite "$HERE/judge.sh"
