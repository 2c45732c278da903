package metastore

// SparkProperties are what spark-submit is told so that Spark has a server's catalog as
// its metastore. The address is HOST:PORT of the server, user the name of the user that
// Spark runs as.
//
// They hold no secret: the name of a group, with which Hive's client shows that it is a
// job's, is read by Hadoop from the job's environment.
func SparkProperties(address, user, warehouse string) map[string]string {
	return map[string]string{
		"spark.sql.catalogImplementation":                             "hive",
		"spark.sql.warehouse.dir":                                     "file://" + warehouse,
		"spark.hadoop.hive.metastore.uris":                            "thrift://" + address,
		"spark.hadoop.hive.metastore.execute.setugi":                  "true",
		"spark.hadoop.hadoop.user.group.static.mapping.overrides":     user + "=${env.AWS_ENDPOINT_URL_GLUE}",
		"spark.sql.hive.metastorePartitionPruningFallbackOnException": "true",
	}
}
