"""What boto3 (and through it much of Python's world) does with an S3 server. Prints one JSON line for each check."""

import base64
import hashlib
import io
import json
import os
import sys
import tempfile
import threading
import traceback
import urllib.error
import urllib.request

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint = os.environ["S3_ENDPOINT"]
MIB = 1024 * 1024
BIG = os.urandom(12 * MIB + 5)
checks = []


def client(secret=None, key=None, **config):
    options = {"s3": {"addressing_style": "path"}, "retries": {"max_attempts": 1}, **config}
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=key or os.environ["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=secret or os.environ["AWS_SECRET_ACCESS_KEY"],
        config=Config(**options),
    )


s3 = client()
B = "boto3-bucket"


def check(name):
    def add(run):
        checks.append((name, run))
        return run

    return add


def same(got, expected):
    if got != expected:
        raise AssertionError(f"got {got!r:.300}, expected {expected!r:.300}")


def fails(code, run):
    try:
        run()
    except ClientError as e:
        same(e.response["Error"]["Code"], code)
        return
    raise AssertionError(f"{code} was expected")


def fails_http(status, url):
    try:
        urllib.request.urlopen(url)
    except urllib.error.HTTPError as e:
        same(e.code, status)
        return
    raise AssertionError(f"{status} was expected")


def body(key, **o):
    return s3.get_object(Bucket=B, Key=key, **o)["Body"].read()


@check("buckets are made, listed, waited for and removed")
def buckets():
    s3.create_bucket(Bucket="boto3-other")
    fails("BucketAlreadyOwnedByYou", lambda: s3.create_bucket(Bucket="boto3-other"))
    fails("InvalidBucketName", lambda: client().create_bucket(Bucket="ab"))
    s3.get_waiter("bucket_exists").wait(Bucket="boto3-other")
    same([b["Name"] for b in s3.list_buckets()["Buckets"]], [B, "boto3-other"])
    s3.put_object(Bucket="boto3-other", Key="x", Body=b"x")
    fails("BucketNotEmpty", lambda: s3.delete_bucket(Bucket="boto3-other"))
    s3.delete_object(Bucket="boto3-other", Key="x")
    s3.delete_bucket(Bucket="boto3-other")
    fails("404", lambda: s3.head_bucket(Bucket="boto3-other"))


@check("the bucket's settings are answered")
def bucket_settings():
    same(s3.get_bucket_location(Bucket=B)["LocationConstraint"], None)
    same("Status" in s3.get_bucket_versioning(Bucket=B), False)
    fails("NoSuchLifecycleConfiguration", lambda: s3.get_bucket_lifecycle_configuration(Bucket=B))
    same(s3.get_bucket_acl(Bucket=B)["Grants"][0]["Permission"], "FULL_CONTROL")
    fails(
        "NotImplemented",
        lambda: s3.put_bucket_versioning(Bucket=B, VersioningConfiguration={"Status": "Enabled"}),
    )


@check("bytes come back")
def put_and_get():
    sent = s3.put_object(Bucket=B, Key="k", Body=b"hello")
    same(sent["ETag"], f'"{hashlib.md5(b"hello").hexdigest()}"')
    same(body("k"), b"hello")
    s3.put_object(Bucket=B, Key="empty", Body=b"")
    same(body("empty"), b"")


@check("a body can be read in pieces and line by line")
def streaming_body():
    s3.put_object(Bucket=B, Key="lines", Body=b"one\ntwo\nthree")
    same(list(s3.get_object(Bucket=B, Key="lines")["Body"].iter_lines()), [b"one", b"two", b"three"])
    same(s3.get_object(Bucket=B, Key="lines")["Body"].read(3), b"one")


@check("headers and metadata come back")
def headers():
    s3.put_object(
        Bucket=B,
        Key="meta",
        Body=b"x",
        ContentType="image/png",
        CacheControl="no-store",
        ContentDisposition="inline",
        ContentEncoding="gzip",
        ContentLanguage="de",
        Metadata={"owner": "me", "mtime": "1700000000.25"},
    )
    head = s3.head_object(Bucket=B, Key="meta")
    got = [head[k] for k in ("ContentType", "CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage")]
    same(got, ["image/png", "no-store", "inline", "gzip", "de"])
    same(head["Metadata"], {"owner": "me", "mtime": "1700000000.25"})


@check("ranges")
def ranges():
    s3.put_object(Bucket=B, Key="range", Body=b"0123456789")
    same([body("range", Range=r) for r in ("bytes=2-4", "bytes=7-", "bytes=-2")], [b"234", b"789", b"89"])
    fails("InvalidRange", lambda: body("range", Range="bytes=10-"))


@check("conditions of reads")
def conditional_reads():
    etag = s3.put_object(Bucket=B, Key="cond", Body=b"x")["ETag"]
    head = s3.head_object(Bucket=B, Key="cond")
    same(body("cond", IfMatch=etag), b"x")
    fails("PreconditionFailed", lambda: body("cond", IfMatch='"other"'))
    fails("304", lambda: body("cond", IfNoneMatch=etag))
    fails("304", lambda: body("cond", IfModifiedSince=head["LastModified"]))
    same(body("cond", IfUnmodifiedSince=head["LastModified"]), b"x")


@check("conditions of writes")
def conditional_writes():
    etag = s3.put_object(Bucket=B, Key="once", Body=b"1", IfNoneMatch="*")["ETag"]
    fails("PreconditionFailed", lambda: s3.put_object(Bucket=B, Key="once", Body=b"2", IfNoneMatch="*"))
    fails("PreconditionFailed", lambda: s3.put_object(Bucket=B, Key="once", Body=b"2", IfMatch='"other"'))
    fails("NoSuchKey", lambda: s3.put_object(Bucket=B, Key="never", Body=b"2", IfMatch=etag))
    s3.put_object(Bucket=B, Key="once", Body=b"3", IfMatch=etag)
    same(body("once"), b"3")


@check("checksums are verified, kept and given back")
def checksums():
    for name in ("CRC32", "SHA1", "SHA256"):
        sent = s3.put_object(Bucket=B, Key=name, Body=b"hello", ChecksumAlgorithm=name)
        got = s3.get_object(Bucket=B, Key=name, ChecksumMode="ENABLED")
        same(got["Body"].read(), b"hello")
        same(got[f"Checksum{name}"], sent[f"Checksum{name}"])
    wrong = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    fails("BadDigest", lambda: s3.put_object(Bucket=B, Key="lie", Body=b"hello", ChecksumSHA256=wrong))
    md5 = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    fails("BadDigest", lambda: s3.put_object(Bucket=B, Key="lie", Body=b"hello", ContentMD5=md5))
    fails("404", lambda: s3.head_object(Bucket=B, Key="lie"))


@check("a stream goes up as aws-chunked with a trailer, also without the payload signed")
def stream_up():
    for payload_signing in (True, False):
        c = client(s3={"addressing_style": "path", "payload_signing_enabled": payload_signing})
        c.put_object(Bucket=B, Key="stream", Body=io.BytesIO(BIG[: 3 * MIB]))
        same(body("stream"), BIG[: 3 * MIB])


@check("upload_file and download_file in parts")
def transfer():
    config = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB, max_concurrency=4)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "big")
        with open(path, "wb") as f:
            f.write(BIG)
        s3.upload_file(path, B, "big", Config=config, ExtraArgs={"Metadata": {"who": "me"}})
        same(s3.head_object(Bucket=B, Key="big")["Metadata"], {"who": "me"})
        s3.download_file(B, "big", path + ".down", Config=config)
        with open(path + ".down", "rb") as f:
            same(hashlib.md5(f.read()).hexdigest(), hashlib.md5(BIG).hexdigest())


@check("upload_fileobj and download_fileobj")
def fileobj():
    config = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=6 * MIB)
    s3.upload_fileobj(io.BytesIO(BIG), B, "obj", Config=config)
    out = io.BytesIO()
    s3.download_fileobj(B, "obj", out, Config=config)
    same(hashlib.md5(out.getvalue()).hexdigest(), hashlib.md5(BIG).hexdigest())


@check("a multipart upload with a checksum of the whole")
def multipart_full_object():
    up = s3.create_multipart_upload(Bucket=B, Key="full", ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
    at = {"Bucket": B, "Key": "full", "UploadId": up["UploadId"]}
    parts = []
    for n, piece in ((1, BIG[: 5 * MIB]), (2, BIG[5 * MIB :])):
        done = s3.upload_part(**at, PartNumber=n, Body=piece, ChecksumAlgorithm="CRC32")
        parts.append({"PartNumber": n, "ETag": done["ETag"], "ChecksumCRC32": done["ChecksumCRC32"]})
    import zlib

    whole = base64.b64encode(zlib.crc32(BIG).to_bytes(4, "big")).decode()
    wrong = base64.b64encode(zlib.crc32(b"other").to_bytes(4, "big")).decode()
    fails("BadDigest", lambda: s3.complete_multipart_upload(**at, MultipartUpload={"Parts": parts}, ChecksumCRC32=wrong))
    done = s3.complete_multipart_upload(
        **at, MultipartUpload={"Parts": parts}, ChecksumCRC32=whole, ChecksumType="FULL_OBJECT", MpuObjectSize=len(BIG)
    )
    same((done["ChecksumCRC32"], done["ChecksumType"]), (whole, "FULL_OBJECT"))
    got = s3.get_object(Bucket=B, Key="full", ChecksumMode="ENABLED")
    same((len(got["Body"].read()), got["ChecksumCRC32"]), (len(BIG), whole))
    part = s3.get_object(Bucket=B, Key="full", PartNumber=2)
    same((part["PartsCount"], part["Body"].read()), (2, BIG[5 * MIB :]))


@check("attributes of an object")
def attributes():
    s3.put_object(Bucket=B, Key="attr", Body=b"hello", ChecksumAlgorithm="SHA256")
    got = s3.get_object_attributes(Bucket=B, Key="attr", ObjectAttributes=["ETag", "Checksum", "ObjectSize"])
    same((got["ETag"], got["ObjectSize"]), (hashlib.md5(b"hello").hexdigest(), 5))
    same(got["Checksum"]["ChecksumSHA256"], base64.b64encode(hashlib.sha256(b"hello").digest()).decode())


@check("uploads and parts are listed page by page, and aborted")
def unfinished():
    ups = [s3.create_multipart_upload(Bucket=B, Key=f"left/{i % 2}")["UploadId"] for i in range(3)]
    pages = s3.get_paginator("list_multipart_uploads").paginate(Bucket=B, Prefix="left/", PaginationConfig={"PageSize": 1})
    found = [(u["Key"], u["UploadId"]) for page in pages for u in page.get("Uploads", [])]
    same(sorted(found), sorted((f"left/{i % 2}", u) for i, u in enumerate(ups)))
    at = {"Bucket": B, "Key": "left/0", "UploadId": ups[0]}
    for n in (1, 3, 10000):
        s3.upload_part(**at, PartNumber=n, Body=b"part")
    fails("InvalidArgument", lambda: s3.upload_part(**at, PartNumber=10001, Body=b"part"))
    pages = s3.get_paginator("list_parts").paginate(**at, PaginationConfig={"PageSize": 2})
    same([p["PartNumber"] for page in pages for p in page.get("Parts", [])], [1, 3, 10000])
    for i, upload in enumerate(ups):
        s3.abort_multipart_upload(Bucket=B, Key=f"left/{i % 2}", UploadId=upload)
    same(s3.list_multipart_uploads(Bucket=B).get("Uploads", []), [])
    fails("NoSuchUpload", lambda: s3.list_parts(**at))


@check("listings by paginator, with prefix and delimiter, in both versions")
def listings():
    names = sorted(f"list/{d}/{i:02}" for d in "abc" for i in range(7))
    for name in names:
        s3.put_object(Bucket=B, Key=name, Body=b"x")
    for version in ("list_objects", "list_objects_v2"):
        pages = list(s3.get_paginator(version).paginate(Bucket=B, Prefix="list/", PaginationConfig={"PageSize": 4}))
        same([o["Key"] for p in pages for o in p["Contents"]], names)
        level = s3.get_paginator(version).paginate(
            Bucket=B, Prefix="list/", Delimiter="/", PaginationConfig={"PageSize": 2}
        )
        same([c["Prefix"] for p in level for c in p["CommonPrefixes"]], ["list/a/", "list/b/", "list/c/"])
    after = s3.list_objects_v2(Bucket=B, Prefix="list/", StartAfter="list/c/04")
    same([o["Key"] for o in after["Contents"]], ["list/c/05", "list/c/06"])


@check("versions of a bucket without versions")
def versions():
    s3.put_object(Bucket=B, Key="version/one", Body=b"x")
    got = s3.list_object_versions(Bucket=B, Prefix="version/")
    same([(v["Key"], v["VersionId"], v["IsLatest"]) for v in got["Versions"]], [("version/one", "null", True)])
    same(body("version/one", VersionId="null"), b"x")
    fails("NoSuchVersion", lambda: body("version/one", VersionId="abc"))
    fails("NoSuchVersion", lambda: s3.delete_object(Bucket=B, Key="version/one", VersionId="abc"))
    same(body("version/one"), b"x")


@check("odd keys")
def odd_keys():
    keys = ["a b", "a+b", "a%2Fb", "q'()*!~", "ü/日本/😀", "&<>\"", "dots/../x", "a//b", "folder/", "tab\there"]
    for key in keys:
        s3.put_object(Bucket=B, Key=f"odd/{key}", Body=key.encode())
    listed = [o["Key"] for o in s3.list_objects_v2(Bucket=B, Prefix="odd/")["Contents"]]
    same(sorted(listed), sorted(f"odd/{key}" for key in keys))
    for key in keys:
        same(body(f"odd/{key}"), key.encode())
        s3.copy_object(Bucket=B, Key=f"copied/{key}", CopySource={"Bucket": B, "Key": f"odd/{key}"})
        same(body(f"copied/{key}"), key.encode())


@check("copies, small and in parts")
def copies():
    s3.put_object(Bucket=B, Key="from", Body=b"body", Metadata={"a": "1"}, ContentType="x/y")
    s3.copy_object(Bucket=B, Key="kept", CopySource=f"{B}/from")
    same(s3.head_object(Bucket=B, Key="kept")["Metadata"], {"a": "1"})
    s3.copy_object(Bucket=B, Key="new", CopySource=f"{B}/from", MetadataDirective="REPLACE", Metadata={"b": "2"})
    same(s3.head_object(Bucket=B, Key="new")["Metadata"], {"b": "2"})
    etag = s3.head_object(Bucket=B, Key="from")["ETag"]
    fails(
        "PreconditionFailed",
        lambda: s3.copy_object(Bucket=B, Key="no", CopySource=f"{B}/from", CopySourceIfNoneMatch=etag),
    )
    s3.put_object(Bucket=B, Key="large", Body=BIG)
    config = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB)
    s3.copy({"Bucket": B, "Key": "large"}, B, "large copy", Config=config)
    same(hashlib.md5(body("large copy")).hexdigest(), hashlib.md5(BIG).hexdigest())


@check("delete_objects, and a whole prefix through the resource")
def deletes():
    for i in range(5):
        s3.put_object(Bucket=B, Key=f"del/{i}", Body=b"x")
    done = s3.delete_objects(Bucket=B, Delete={"Objects": [{"Key": "del/0"}, {"Key": "del/never"}]})
    same([d["Key"] for d in done["Deleted"]], ["del/0", "del/never"])
    resource = boto3.resource(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=os.environ["AWS_SECRET_ACCESS_KEY"],
    )
    resource.Bucket(B).objects.filter(Prefix="del/").delete()
    same(s3.list_objects_v2(Bucket=B, Prefix="del/")["KeyCount"], 0)


@check("links to read and to write")
def links():
    s3.put_object(Bucket=B, Key="link ü+", Body=b"linked")
    # What boto3 takes by itself is Signature Version 2.
    for version in (None, "s3v4"):
        c = client(**({} if version is None else {"signature_version": version}))
        params = {"Bucket": B, "Key": "link ü+", "ResponseContentType": "text/x-other"}
        url = c.generate_presigned_url("get_object", Params=params, ExpiresIn=60)
        same("X-Amz-Signature" in url, version is not None)
        with urllib.request.urlopen(url) as answer:
            same((answer.read(), answer.headers["content-type"]), (b"linked", "text/x-other"))
        fails_http(403, url.replace("link", "other"))
        for method, status in (("put", 200), ("delete", 204)):
            put = {"ContentType": "text/x-sent"} if method == "put" else {}
            params = {"Bucket": B, "Key": "sent", **put}
            url = c.generate_presigned_url(f"{method}_object", Params=params, ExpiresIn=60)
            request = urllib.request.Request(url, data=b"sent" if put else None, method=method.upper())
            if put:
                request.add_header("Content-Type", "text/x-sent")
            with urllib.request.urlopen(request) as answer:
                same(answer.status, status)
            if method == "put":
                same(body("sent"), b"sent")
        fails("404", lambda: s3.head_object(Bucket=B, Key="sent"))


@check("errors have the names that programs look for")
def errors():
    fails("NoSuchKey", lambda: body("missing"))
    fails("404", lambda: s3.head_object(Bucket=B, Key="missing"))
    fails("NoSuchBucket", lambda: s3.list_objects_v2(Bucket="not-there"))
    fails("SignatureDoesNotMatch", lambda: client(secret="wrong").list_buckets())
    fails("InvalidAccessKeyId", lambda: client(key="NOBODY").list_buckets())
    try:
        body("missing")
    except s3.exceptions.NoSuchKey:
        pass


@check("many threads at once")
def threads():
    wrong = []

    def work(n):
        try:
            for i in range(10):
                key, data = f"thread/{n}/{i}", os.urandom(20_000)
                s3.put_object(Bucket=B, Key=key, Body=data)
                if body(key) != data:
                    wrong.append(key)
        except Exception as e:  # noqa: BLE001
            wrong.append(repr(e))

    all_threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for t in all_threads:
        t.start()
    for t in all_threads:
        t.join()
    same(wrong, [])


s3.create_bucket(Bucket=B)
for name, run in checks:
    try:
        run()
        result = "ok"
    except Exception:  # noqa: BLE001
        result = traceback.format_exc(limit=3)
    print(json.dumps({"name": name, "result": result}), flush=True)
sys.exit(0)
