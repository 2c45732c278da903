"""What jobs do with boto3, against the built-in S3 endpoint.

Usage: boto3_client.py FOLDER, the folder that is mapped to the bucket "mapped".
Every function whose name starts with test_ is a test.
"""

import datetime
import hashlib
import io
import os
import sys
import threading
import time
import traceback
import urllib.error
import urllib.request

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.client import Config
from botocore.exceptions import ClientError

FOLDER = sys.argv[1]
s3 = boto3.client("s3")


def code(call, **arguments):
    """The error code and HTTP status of a call that must fail."""
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
    raise AssertionError("%s(%s) succeeded" % (call.__name__, arguments))


def message(call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]["Message"]
    raise AssertionError("%s(%s) succeeded" % (call.__name__, arguments))


def keys(**arguments):
    answer = s3.list_objects_v2(**arguments)
    return ([o["Key"] for o in answer.get("Contents", [])],
            [p["Prefix"] for p in answer.get("CommonPrefixes", [])])


def new_bucket(name):
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    return name


def test_buckets():
    new_bucket("made")
    names = [b["Name"] for b in s3.list_buckets()["Buckets"]]
    assert "made" in names and "mapped" in names, names
    assert s3.head_bucket(Bucket="mapped")["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert code(s3.head_bucket, Bucket="absent") == ("404", 404)
    assert code(s3.create_bucket, Bucket="made") == ("BucketAlreadyOwnedByYou", 409)
    assert code(s3.create_bucket, Bucket="Bad_Name") == ("InvalidBucketName", 400)
    assert code(s3.list_objects_v2, Bucket="absent") == ("NoSuchBucket", 404)
    assert "--map s3://absent=DIR" in message(s3.list_objects_v2, Bucket="absent")
    assert s3.get_bucket_location(Bucket="made")["LocationConstraint"] is None
    assert "Status" not in s3.get_bucket_versioning(Bucket="made")
    s3.put_object(Bucket="made", Key="a/b", Body=b"x")
    assert code(s3.delete_bucket, Bucket="made") == ("BucketNotEmpty", 409)
    s3.delete_object(Bucket="made", Key="a/b")
    s3.delete_bucket(Bucket="made")
    assert code(s3.head_bucket, Bucket="made") == ("404", 404)
    assert "mapped with --map" in message(s3.delete_bucket, Bucket="mapped")
    page = s3.list_buckets(MaxBuckets=1, Prefix="map")
    assert [b["Name"] for b in page["Buckets"]] == ["mapped"], page


def test_put_get_head_delete():
    body = os.urandom(100000)
    put = s3.put_object(Bucket="mapped", Key="basic/a.bin", Body=body)
    md5 = '"%s"' % hashlib.md5(body).hexdigest()
    assert put["ETag"] == md5, put
    assert put.get("ChecksumCRC32"), "the checksum that boto3 sends was not confirmed"
    with open(os.path.join(FOLDER, "basic", "a.bin"), "rb") as file:
        assert file.read() == body
    got = s3.get_object(Bucket="mapped", Key="basic/a.bin")
    assert got["Body"].read() == body
    assert (got["ETag"], got["ContentLength"]) == (md5, len(body))
    assert got["ContentType"] == "binary/octet-stream"
    head = s3.head_object(Bucket="mapped", Key="basic/a.bin")
    assert (head["ETag"], head["ContentLength"]) == (md5, len(body))
    age = datetime.datetime.now(datetime.timezone.utc) - head["LastModified"]
    assert abs(age.total_seconds()) < 60, age
    s3.delete_object(Bucket="mapped", Key="basic/a.bin")
    assert not os.path.exists(os.path.join(FOLDER, "basic", "a.bin"))
    s3.delete_object(Bucket="mapped", Key="basic/a.bin")
    assert code(s3.get_object, Bucket="mapped", Key="basic/a.bin") == ("NoSuchKey", 404)
    assert code(s3.head_object, Bucket="mapped", Key="basic/a.bin") == ("404", 404)
    try:
        s3.get_object(Bucket="mapped", Key="basic/a.bin")
    except s3.exceptions.NoSuchKey:
        pass
    assert code(s3.get_object, Bucket="mapped", Key="basic") == ("NoSuchKey", 404), "a folder is no object"


def test_empty_object():
    s3.put_object(Bucket="mapped", Key="empty", Body=b"")
    assert s3.get_object(Bucket="mapped", Key="empty")["Body"].read() == b""
    assert s3.head_object(Bucket="mapped", Key="empty")["ContentLength"] == 0


def test_files_of_users_are_objects():
    path = os.path.join(FOLDER, "mine", "file.csv")
    os.makedirs(os.path.dirname(path))
    with open(path, "w") as file:
        file.write("one")
    first = s3.get_object(Bucket="mapped", Key="mine/file.csv")
    assert first["Body"].read() == b"one"
    assert keys(Bucket="mapped", Prefix="mine/") == (["mine/file.csv"], [])
    with open(path, "w") as file:
        file.write("other")
    os.utime(path, (1, 1))
    second = s3.head_object(Bucket="mapped", Key="mine/file.csv")
    assert second["ETag"] == '"%s"' % hashlib.md5(b"other").hexdigest()
    assert sorted(os.listdir(os.path.dirname(path))) == ["file.csv"], "something lies beside the user's file"


def test_metadata():
    s3.put_object(Bucket="mapped", Key="meta", Body=b"{}", ContentType="application/json", ContentEncoding="identity",
                  CacheControl="no-cache", ContentDisposition="inline", ContentLanguage="de",
                  Metadata={"my-key": "a value", "Other": "2"}, ACL="bucket-owner-full-control",
                  ServerSideEncryption="AES256", StorageClass="STANDARD_IA")
    for call in (s3.head_object, s3.get_object):
        got = call(Bucket="mapped", Key="meta")
        assert got["Metadata"] == {"my-key": "a value", "other": "2"}, got["Metadata"]
        assert got["ContentType"] == "application/json"
        assert got["CacheControl"] == "no-cache" and got["ContentLanguage"] == "de"
        assert got["ContentDisposition"] == "inline" and got["ContentEncoding"] == "identity", got
    got = s3.get_object(Bucket="mapped", Key="meta", ResponseContentType="text/plain")
    assert got["ContentType"] == "text/plain"
    assert code(s3.put_object, Bucket="mapped", Key="meta2", Body=b"", Metadata={"k": "v" * 3000}) == ("MetadataTooLarge", 400)


def test_ranges():
    s3.put_object(Bucket="mapped", Key="range", Body=b"0123456789")
    for wanted, body, content_range in (
            ("bytes=2-4", b"234", "bytes 2-4/10"), ("bytes=7-", b"789", "bytes 7-9/10"),
            ("bytes=-2", b"89", "bytes 8-9/10"), ("bytes=8-100", b"89", "bytes 8-9/10")):
        got = s3.get_object(Bucket="mapped", Key="range", Range=wanted)
        assert got["Body"].read() == body and got["ContentRange"] == content_range, (wanted, got)
        assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert code(s3.get_object, Bucket="mapped", Key="range", Range="bytes=10-") == ("InvalidRange", 416)
    assert s3.head_object(Bucket="mapped", Key="range", Range="bytes=1-3")["ContentLength"] == 3


def test_read_conditions():
    etag = s3.put_object(Bucket="mapped", Key="cond", Body=b"x")["ETag"]
    now = datetime.datetime.now(datetime.timezone.utc)
    day = datetime.timedelta(days=1)
    for call in (s3.get_object, s3.head_object):
        call(Bucket="mapped", Key="cond", IfMatch=etag)
        call(Bucket="mapped", Key="cond", IfNoneMatch='"0"')
        call(Bucket="mapped", Key="cond", IfModifiedSince=now - day)
        call(Bucket="mapped", Key="cond", IfUnmodifiedSince=now + day)
        assert code(call, Bucket="mapped", Key="cond", IfMatch='"0"')[1] == 412
        assert code(call, Bucket="mapped", Key="cond", IfNoneMatch=etag)[1] == 304
        assert code(call, Bucket="mapped", Key="cond", IfModifiedSince=now + day)[1] == 304
        assert code(call, Bucket="mapped", Key="cond", IfUnmodifiedSince=now - day)[1] == 412


def test_write_conditions():
    etag = s3.put_object(Bucket="mapped", Key="once", Body=b"1", IfNoneMatch="*")["ETag"]
    assert code(s3.put_object, Bucket="mapped", Key="once", Body=b"2", IfNoneMatch="*") == ("PreconditionFailed", 412)
    assert code(s3.put_object, Bucket="mapped", Key="once", Body=b"2", IfMatch='"0"') == ("PreconditionFailed", 412)
    assert code(s3.put_object, Bucket="mapped", Key="never", Body=b"2", IfMatch=etag) == ("NoSuchKey", 404)
    assert s3.get_object(Bucket="mapped", Key="once")["Body"].read() == b"1"
    s3.put_object(Bucket="mapped", Key="once", Body=b"3", IfMatch=etag)
    assert s3.get_object(Bucket="mapped", Key="once")["Body"].read() == b"3"
    # Of many that race to create it, one may.
    wins = []

    def create(number):
        try:
            boto3.session.Session().client("s3").put_object(Bucket="mapped", Key="race", Body=b"%d" % number, IfNoneMatch="*")
            wins.append(number)
        except ClientError as error:
            assert error.response["Error"]["Code"] == "PreconditionFailed", error

    threads = [threading.Thread(target=create, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(wins) == 1, wins
    assert s3.get_object(Bucket="mapped", Key="race")["Body"].read() == b"%d" % wins[0]


def test_concurrent_puts_are_whole():
    bodies = [bytes([65 + n]) * 300000 for n in range(8)]
    threads = [threading.Thread(target=s3.put_object, kwargs=dict(Bucket="mapped", Key="busy", Body=body)) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    got = s3.get_object(Bucket="mapped", Key="busy")
    body = got["Body"].read()
    assert body in bodies
    assert got["ETag"] == '"%s"' % hashlib.md5(body).hexdigest()


def test_list():
    new_bucket("lists")
    assert keys(Bucket="lists") == ([], [])
    empty = s3.list_objects_v2(Bucket="lists")
    assert (empty["KeyCount"], empty["IsTruncated"], empty["MaxKeys"]) == (0, False, 1000), empty
    names = ["a", "a b", "a-b", "a.txt", "aa/x", "b/1", "b/2", "b/c/3", "b/c/4", "b0", "z/y/x"]
    for name in names:
        s3.put_object(Bucket="lists", Key=name, Body=name.encode())
    assert keys(Bucket="lists")[0] == sorted(names)
    assert keys(Bucket="lists", Delimiter="/") == (["a", "a b", "a-b", "a.txt", "b0"], ["aa/", "b/", "z/"])
    assert keys(Bucket="lists", Delimiter="/", Prefix="b/") == (["b/1", "b/2"], ["b/c/"])
    assert keys(Bucket="lists", Delimiter="/", Prefix="b") == (["b0"], ["b/"])
    assert keys(Bucket="lists", Prefix="b/c") == (["b/c/3", "b/c/4"], [])
    assert keys(Bucket="lists", Prefix="a") == (["a", "a b", "a-b", "a.txt", "aa/x"], [])
    assert keys(Bucket="lists", Prefix="nothing") == ([], [])
    assert keys(Bucket="lists", StartAfter="b/2") == (["b/c/3", "b/c/4", "b0", "z/y/x"], [])
    assert keys(Bucket="lists", Delimiter="-") == ([n for n in names if "-" not in n], ["a-"])
    assert keys(Bucket="lists", MaxKeys=0) == ([], [])
    one = s3.list_objects_v2(Bucket="lists", Prefix="b/1")["Contents"][0]
    assert one["Size"] == 3 and one["ETag"] == '"%s"' % hashlib.md5(b"b/1").hexdigest() and one["StorageClass"] == "STANDARD"
    assert s3.list_objects_v2(Bucket="lists", Prefix="b/1", FetchOwner=True)["Contents"][0]["Owner"]["ID"]
    assert code(s3.list_objects_v2, Bucket="lists", ContinuationToken="%%%") == ("InvalidArgument", 400)


def test_list_pages():
    new_bucket("pages")
    for d in range(4):
        for n in range(3):
            s3.put_object(Bucket="pages", Key="d%d/%d" % (d, n), Body=b"")
        s3.put_object(Bucket="pages", Key="f%d" % d, Body=b"")
    for method, size in (("list_objects_v2", 1), ("list_objects_v2", 5), ("list_objects", 1), ("list_objects", 5)):
        everything, prefixes, files = [], [], []
        for page in s3.get_paginator(method).paginate(Bucket="pages", PaginationConfig={"PageSize": size}):
            entries = page.get("Contents", [])
            assert len(entries) <= size
            everything += [o["Key"] for o in entries]
        assert everything == sorted("d%d/%d" % (d, n) for d in range(4) for n in range(3)) + ["f%d" % d for d in range(4)], everything
        for page in s3.get_paginator(method).paginate(Bucket="pages", Delimiter="/", PaginationConfig={"PageSize": size}):
            prefixes += [p["Prefix"] for p in page.get("CommonPrefixes", [])]
            files += [o["Key"] for o in page.get("Contents", [])]
        assert (prefixes, files) == (["d0/", "d1/", "d2/", "d3/"], ["f0", "f1", "f2", "f3"]), (method, size, prefixes, files)


def test_odd_keys():
    new_bucket("odd")
    names = ["a b", "ü/ö.txt", "日本", "plus+sign", "per%cent", "%2e%2e", "q?x=1&y", "hash#tag", "back\\slash",
             "quote'\"", "semi;colon", "eq=al", "tab\there", "..dots", "dots..", ".hidden", "~tilde", "(par)", "em,ma", "at@", "😀"]
    for name in names:
        s3.put_object(Bucket="odd", Key=name, Body=name.encode("utf-8"))
    assert keys(Bucket="odd")[0] == sorted(names, key=lambda name: name.encode("utf-8")), keys(Bucket="odd")
    for name in names:
        assert s3.get_object(Bucket="odd", Key=name)["Body"].read() == name.encode("utf-8"), name
        s3.copy_object(Bucket="odd", Key=name + ".copy", CopySource={"Bucket": "odd", "Key": name})
        assert s3.get_object(Bucket="odd", Key=name + ".copy")["Body"].read() == name.encode("utf-8"), name
    objects = [{"Key": name} for name in keys(Bucket="odd")[0]]
    deleted = s3.delete_objects(Bucket="odd", Delete={"Objects": objects})
    assert len(deleted["Deleted"]) == 2 * len(names) and "Errors" not in deleted
    assert keys(Bucket="odd") == ([], [])


def test_keys_that_cannot_be_files():
    s3.put_object(Bucket="mapped", Key="conflict/a", Body=b"file")
    for key, what in (("../out", "'..'"), ("x/../y", "'..'"), ("x/./y", "'.'"), ("x//y", "two slashes in a row"),
                      ("conflict/a/b", "already an object"), ("conflict", "there are objects below"),
                      ("s" * 256, "256 bytes"), (".reglue-put-x", "kept for files being written")):
        text = message(s3.put_object, Bucket="mapped", Key=key, Body=b"x").replace('"', "'")
        assert "cannot be a file" in text and what in text, (key, text)
        assert code(s3.put_object, Bucket="mapped", Key=key, Body=b"x") == ("InvalidArgument", 400)
    assert code(s3.get_object, Bucket="mapped", Key="../out") == ("NoSuchKey", 404)
    assert code(s3.get_object, Bucket="mapped", Key="conflict/a/b") == ("NoSuchKey", 404)
    s3.delete_object(Bucket="mapped", Key="../out")
    s3.delete_object(Bucket="mapped", Key="conflict")
    assert s3.get_object(Bucket="mapped", Key="conflict/a")["Body"].read() == b"file"
    s3.delete_object(Bucket="mapped", Key="conflict/a")
    s3.put_object(Bucket="mapped", Key="conflict", Body=b"now a file")
    assert s3.get_object(Bucket="mapped", Key="conflict")["Body"].read() == b"now a file"


def test_folder_markers():
    s3.put_object(Bucket="mapped", Key="marker/", Body=b"")
    assert os.path.isdir(os.path.join(FOLDER, "marker"))
    assert keys(Bucket="mapped", Prefix="marker") == (["marker/"], [])
    assert keys(Bucket="mapped", Prefix="marker", Delimiter="/") == ([], ["marker/"])
    assert keys(Bucket="mapped", Prefix="marker/", Delimiter="/") == (["marker/"], [])
    assert s3.head_object(Bucket="mapped", Key="marker/")["ContentLength"] == 0
    assert s3.get_object(Bucket="mapped", Key="marker/")["Body"].read() == b""
    assert "cannot have content" in message(s3.put_object, Bucket="mapped", Key="full/", Body=b"x")
    s3.delete_object(Bucket="mapped", Key="marker/")
    assert code(s3.head_object, Bucket="mapped", Key="marker/") == ("404", 404)
    os.makedirs(os.path.join(FOLDER, "plain folder"))
    assert code(s3.head_object, Bucket="mapped", Key="plain folder/") == ("404", 404)


def test_copy():
    s3.put_object(Bucket="mapped", Key="from", Body=b"copied", Metadata={"k": "v"}, ContentType="text/x")
    new_bucket("copies")
    answer = s3.copy_object(Bucket="copies", Key="to/it", CopySource="mapped/from")
    assert answer["CopyObjectResult"]["ETag"] == '"%s"' % hashlib.md5(b"copied").hexdigest()
    got = s3.get_object(Bucket="copies", Key="to/it")
    assert (got["Body"].read(), got["Metadata"], got["ContentType"]) == (b"copied", {"k": "v"}, "text/x")
    s3.copy_object(Bucket="copies", Key="to/it", CopySource="copies/to/it", MetadataDirective="REPLACE", Metadata={"new": "1"})
    got = s3.get_object(Bucket="copies", Key="to/it")
    assert (got["Body"].read(), got["Metadata"]) == (b"copied", {"new": "1"})
    assert code(s3.copy_object, Bucket="copies", Key="to/it", CopySource="copies/to/it") == ("InvalidRequest", 400)
    assert code(s3.copy_object, Bucket="copies", Key="x", CopySource="copies/absent") == ("NoSuchKey", 404)
    assert code(s3.copy_object, Bucket="copies", Key="x", CopySource="absent/key") == ("NoSuchBucket", 404)
    assert code(s3.copy_object, Bucket="copies", Key="x", CopySource="mapped/from", CopySourceIfMatch='"0"') == ("PreconditionFailed", 412)


def test_multipart():
    first, second = os.urandom(5 * 1024 * 1024), os.urandom(1000)
    upload = s3.create_multipart_upload(Bucket="mapped", Key="multi", Metadata={"m": "1"}, ContentType="x/y")["UploadId"]
    etag2 = s3.upload_part(Bucket="mapped", Key="multi", UploadId=upload, PartNumber=2, Body=second)["ETag"]
    s3.upload_part(Bucket="mapped", Key="multi", UploadId=upload, PartNumber=1, Body=b"replaced")
    etag1 = s3.upload_part(Bucket="mapped", Key="multi", UploadId=upload, PartNumber=1, Body=first)["ETag"]
    parts = s3.list_parts(Bucket="mapped", Key="multi", UploadId=upload)["Parts"]
    assert [(p["PartNumber"], p["Size"], p["ETag"]) for p in parts] == [(1, len(first), etag1), (2, 1000, etag2)]
    assert s3.list_parts(Bucket="mapped", Key="multi", UploadId=upload, MaxParts=1)["IsTruncated"]
    assert [u["Key"] for u in s3.list_multipart_uploads(Bucket="mapped")["Uploads"]] == ["multi"]
    assert code(s3.head_object, Bucket="mapped", Key="multi") == ("404", 404)

    def complete(*listed):
        return dict(Bucket="mapped", Key="multi", UploadId=upload,
                    MultipartUpload={"Parts": [{"PartNumber": n, "ETag": e} for n, e in listed]})

    assert code(s3.complete_multipart_upload, **complete((2, etag2), (1, etag1))) == ("InvalidPartOrder", 400)
    assert code(s3.complete_multipart_upload, **complete((1, '"0"'), (2, etag2))) == ("InvalidPart", 400)
    assert code(s3.complete_multipart_upload, **complete((1, etag1), (3, etag2))) == ("InvalidPart", 400)
    done = s3.complete_multipart_upload(**complete((1, etag1), (2, etag2)))
    got = s3.get_object(Bucket="mapped", Key="multi")
    assert got["Body"].read() == first + second
    assert (got["ETag"], got["Metadata"], got["ContentType"]) == (done["ETag"], {"m": "1"}, "x/y")
    assert code(s3.upload_part, Bucket="mapped", Key="multi", UploadId=upload, PartNumber=1, Body=b"x") == ("NoSuchUpload", 404)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket="mapped")
    upload = s3.create_multipart_upload(Bucket="mapped", Key="gone")["UploadId"]
    s3.upload_part(Bucket="mapped", Key="gone", UploadId=upload, PartNumber=1, Body=b"x")
    s3.abort_multipart_upload(Bucket="mapped", Key="gone", UploadId=upload)
    assert code(s3.list_parts, Bucket="mapped", Key="gone", UploadId=upload) == ("NoSuchUpload", 404)
    assert code(s3.head_object, Bucket="mapped", Key="gone") == ("404", 404)


def test_managed_transfer():
    config = TransferConfig(multipart_threshold=5 * 1024 * 1024, multipart_chunksize=5 * 1024 * 1024, max_concurrency=4)
    body = os.urandom(17 * 1024 * 1024)
    s3.upload_fileobj(io.BytesIO(body), "mapped", "big/one", Config=config)
    out = io.BytesIO()
    s3.download_fileobj("mapped", "big/one", out, Config=config)
    assert out.getvalue() == body
    s3.copy({"Bucket": "mapped", "Key": "big/one"}, "mapped", "big/two", Config=config)
    assert s3.get_object(Bucket="mapped", Key="big/two")["Body"].read() == body


def test_checksums():
    for algorithm in ("CRC32", "SHA1", "SHA256"):
        answer = s3.put_object(Bucket="mapped", Key="sum", Body=b"summed", ChecksumAlgorithm=algorithm)
        assert answer["Checksum" + algorithm], answer
        # A body that is a stream is sent in chunks with the checksum behind it.
        s3.put_object(Bucket="mapped", Key="sum", Body=io.BytesIO(b"streamed " * 100000), ChecksumAlgorithm=algorithm)
        assert s3.get_object(Bucket="mapped", Key="sum")["Body"].read() == b"streamed " * 100000
    s3.put_object(Bucket="mapped", Key="sum", Body=b"kept")
    assert code(s3.put_object, Bucket="mapped", Key="sum", Body=b"altered", ChecksumCRC32="AAAAAA==") == ("BadDigest", 400)
    assert code(s3.put_object, Bucket="mapped", Key="sum", Body=b"altered", ContentMD5="AAAAAAAAAAAAAAAAAAAAAA==") == ("BadDigest", 400)
    assert s3.get_object(Bucket="mapped", Key="sum")["Body"].read() == b"kept"


def test_presigned():
    url = s3.generate_presigned_url("put_object", Params={"Bucket": "mapped", "Key": "pre signed"}, ExpiresIn=60)
    urllib.request.urlopen(urllib.request.Request(url, data=b"by url", method="PUT")).close()
    url = boto3.client("s3", config=Config(signature_version="s3v4")).generate_presigned_url(
        "get_object", Params={"Bucket": "mapped", "Key": "pre signed"}, ExpiresIn=60)
    with urllib.request.urlopen(url) as answer:
        assert answer.read() == b"by url"


def test_not_built():
    s3.put_object(Bucket="mapped", Key="tagged", Body=b"kept")
    assert s3.get_object_tagging(Bucket="mapped", Key="tagged")["TagSet"] == []
    assert code(s3.put_object_tagging, Bucket="mapped", Key="tagged", Tagging={"TagSet": []}) == ("NotImplemented", 501)
    assert "tagging" in message(s3.put_object_tagging, Bucket="mapped", Key="tagged", Tagging={"TagSet": []})
    assert code(s3.put_object, Bucket="mapped", Key="tagged", Body=b"x", Tagging="a=b") == ("NotImplemented", 501)
    assert code(s3.put_bucket_policy, Bucket="mapped", Policy="{}") == ("NotImplemented", 501)
    assert code(s3.get_bucket_acl, Bucket="mapped") == ("NotImplemented", 501)
    assert code(s3.list_object_versions, Bucket="mapped") == ("NotImplemented", 501)
    assert code(s3.put_bucket_versioning, Bucket="mapped", VersioningConfiguration={"Status": "Enabled"}) == ("NotImplemented", 501)
    assert code(s3.get_object, Bucket="mapped", Key="tagged", VersionId="abc") == ("NotImplemented", 501)
    assert code(s3.put_object, Bucket="mapped", Key="tagged", Body=b"x", SSECustomerKey=b"k" * 32,
                SSECustomerAlgorithm="AES256") == ("NotImplemented", 501)
    assert s3.get_object(Bucket="mapped", Key="tagged")["Body"].read() == b"kept"


def main():
    failed = 0
    tests = [(name, test) for name, test in sorted(globals().items()) if name.startswith("test_")]
    for name, test in tests:
        began = time.time()
        try:
            test()
            print("ok     %-40s %.2f s" % (name, time.time() - began))
        except Exception:
            failed += 1
            print("FAILED %s\n%s" % (name, traceback.format_exc()))
    print("%d failed" % failed if failed else "all %d passed" % len(tests))
    sys.exit(1 if failed else 0)


main()
