# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""Streams as DataFrames, and the loop over their batches."""

from awsglue import _formats
from awsglue._options import Unsupported, number, required

# Glue's names of Kafka's options, and Spark's.
_KAFKA = {
    "bootstrap.servers": "kafka.bootstrap.servers",
    "topicName": "subscribe",
    "assign": "assign",
    "subscribePattern": "subscribePattern",
    "startingOffsets": "startingOffsets",
    "endingOffsets": "endingOffsets",
    "maxOffsetsPerTrigger": "maxOffsetsPerTrigger",
    "minPartitions": "minPartitions",
    "failOnDataLoss": "failOnDataLoss",
    "includeHeaders": "includeHeaders",
}


def read(spark, kind, options):
    """The stream of a connection as Spark's connector gives it, when that is on the class path."""
    if not _formats.has_source(spark, kind):
        raise Unsupported(
            "connection type %s needs Spark's connector for it, which is not on the class path: "
            "give its jars with --extra-jars" % kind)
    reader = spark.readStream.format(kind)
    for name, value in options.items():
        reader = reader.option(_KAFKA.get(name, name) if kind == "kafka" else name, value)
    return reader.load()


def for_each_batch(frame, batch_function, options):
    """Call batch_function(frame, id) for each batch of a stream, until it is stopped.

    A call that raises is tried again, batchMaxRetries times; then the stream fails.
    """
    retries = number(options, "batchMaxRetries", 3)

    def once(batch, batch_id):
        for left in range(retries, -1, -1):
            try:
                return batch_function(batch, batch_id)
            except Exception:
                if not left:
                    raise

    window = required(options, "windowSize", '"100 seconds"')
    place = required(options, "checkpointLocation", 'args["TempDir"] + "/checkpoint/"')
    writer = frame.writeStream.foreachBatch(once).trigger(processingTime=str(window)).option("checkpointLocation", place)
    writer.start().awaitTermination()
