"""What files.sh asks of a server whose files lie in a bucket."""

import hashlib
import os
import signal
import time

import boto3
import requests

URL, MOTO = os.environ["SALUS_URL"], os.environ["MOTO_URL"]
BUCKET = "salus-files"
PASSWORD = "Salus-demo-2026"
MIB = 1024 * 1024


def bucket():
    session = boto3.session.Session("key", "sec/ret", region_name="sa-east-1")
    return session.resource("s3", endpoint_url=MOTO).Bucket(BUCKET)


def signed_in(email="admin@aurora.example"):
    ask = {"email": email, "password": PASSWORD}
    answer = requests.post(f"{URL}/api/v1/auth/sign-in", json=ask, timeout=30)
    assert answer.status_code == 200, answer.text
    session = requests.Session()
    session.headers["authorization"] = "Bearer " + answer.json()["access_token"]
    return session


def of_another_company():
    ask = {
        "company_name": "Outra", "name": "Admin", "email": "admin@outra.example", "password": PASSWORD,
        "country": "BR", "time_zone": "America/Sao_Paulo", "locale": "pt",
    }
    answer = requests.post(f"{URL}/api/v1/auth/sign-up", json=ask, timeout=30)
    assert answer.status_code < 300, answer.text
    return signed_in(ask["email"])


def open_uploads():
    client = boto3.session.Session("key", "sec/ret", region_name="sa-east-1").client("s3", endpoint_url=MOTO)
    return client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])


def streamed(session, content):
    """Sends a form whose length is not announced, so that the file itself has to become too large."""
    edge = "a-boundary-of-a-form"
    head = (
        f'--{edge}\r\ncontent-disposition: form-data; name="kind"\r\n\r\npatients\r\n'
        f'--{edge}\r\ncontent-disposition: form-data; name="file"; filename="huge.csv"\r\n\r\n'
    )

    def pieces():
        yield head.encode()
        for at in range(0, len(content), MIB):
            yield content[at : at + MIB]
        yield f"\r\n--{edge}--\r\n".encode()

    media = {"content-type": f"multipart/form-data; boundary={edge}"}
    return session.post(f"{URL}/api/v1/imports", data=pieces(), headers=media, timeout=60)


def upload(session, name, content):
    return session.post(f"{URL}/api/v1/imports", data={"kind": "patients"}, files={"file": (name, content)}, timeout=60)


def finished(session, begun):
    for _ in range(600):
        told = session.get(f"{URL}/api/v1/imports/{begun['id']}", timeout=30).json()
        if told["status"] not in ("waiting", "running"):
            return told
        time.sleep(0.1)
    raise AssertionError("the import does not end")


def main():
    files = bucket()
    files.create(CreateBucketConfiguration={"LocationConstraint": "sa-east-1"})
    session = signed_in()
    company = session.get(f"{URL}/api/v1/company", timeout=30).json()["id"]
    small = "Nome;Cidade\nDo Balde;Vitória\n".encode()
    large = b"Nome;Obs\nDo Balde Grande;" + b"x" * 9_000 + b"\n" + b"".join(
        b"Pessoa %d;%s\n" % (n, b"y" * 5_000) for n in range(1_900)
    )
    assert len(large) > 8 * 1024 * 1024, "sent in parts"
    for name, content in [("small.csv", small), ("large.csv", large)]:
        answer = upload(session, name, content)
        assert answer.status_code == 201, answer.text
        begun = answer.json()
        assert begun["sha256"] == hashlib.sha256(content).hexdigest()
        key = f"judge/{company}/import/{begun['id']}"
        assert files.Object(key).get()["Body"].read() == content, "the object is the file"
        back = session.get(f"{URL}/api/v1/imports/{begun['id']}/file", timeout=60)
        assert back.status_code == 200 and back.content == content
        told = finished(session, begun)
        assert told["status"] == "finished" and told["failed"] == 0, told
        print(f"{name}: {told['created']} patients from the bucket")
    keys = [item.key for item in files.objects.all()]
    assert len(keys) == 2 and all(key.startswith(f"judge/{company}/") for key in keys), keys
    refused = upload(session, "empty.csv", b"")
    assert refused.status_code == 422, refused.text
    huge = b"Nome;Obs\n" + b"Pessoa;xxxxxxxxxxxxxxx\n" * (26 * MIB // 23 + 1)
    for refused in (upload(session, "huge.csv", huge), streamed(session, huge)):
        assert refused.status_code == 413, refused.text
    alive = session.get(f"{URL}/api/v1/company", timeout=30)
    assert alive.status_code == 200, "a refusal in the middle of a body leaves the next request alone"
    for _ in range(100):
        if not open_uploads():
            break
        time.sleep(0.1)
    assert open_uploads() == [], "parts of a refused file stay"
    assert len(list(files.objects.all())) == 2, "a refused file leaves nothing"
    other = of_another_company()
    foreign = other.get(f"{URL}/api/v1/imports/{begun['id']}/file", timeout=60)
    assert foreign.status_code == 404, foreign.text
    print("26 MiB are refused and leave no parts; another company finds no file")
    files.objects.all().delete()
    gone = session.get(f"{URL}/api/v1/imports/{begun['id']}/file", timeout=60)
    assert gone.status_code == 404, gone.text
    os.kill(int(os.environ["MOTO_PID"]), signal.SIGTERM)
    time.sleep(1)
    away = upload(session, "small.csv", small + b"Outra;Serra\n")
    assert away.status_code == 503 and away.json()["code"] == "files_unavailable", away.text
    print(f"without the bucket: {away.json()['code']} after {away.elapsed.total_seconds():.1f} s")


main()
