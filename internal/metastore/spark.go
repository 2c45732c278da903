package metastore

import (
	"bytes"
	"encoding/xml"
)

// SparkProperties are what spark-submit is told, as --conf, so that Spark has the
// catalog as its metastore. The address is HOST:PORT of the server.
func SparkProperties(address, warehouse string) map[string]string {
	return map[string]string{
		"spark.sql.catalogImplementation":                             "hive",
		"spark.sql.warehouse.dir":                                     "file://" + warehouse,
		"spark.hadoop.hive.metastore.uris":                            "thrift://" + address,
		"spark.sql.hive.metastorePartitionPruningFallbackOnException": "true",
	}
}

// CoreSite is the core-site.xml of a job's Spark. Its folder stands first on the class
// path of the driver (spark.driver.extraClassPath): Hadoop reads this setting before
// spark-submit has a say. With it Hive's client shows the server that it is a job's, by
// giving the job's endpoint as the name of a group. The file holds no secret, as Hadoop
// takes the endpoint from the environment. More is the core-site.xml that would be read
// otherwise; empty for none.
func CoreSite(more string) []byte {
	var out bytes.Buffer
	out.WriteString(`<?xml version="1.0" encoding="UTF-8"?>
<configuration xmlns:xi="http://www.w3.org/2001/XInclude">
`)
	if more != "" {
		out.WriteString(`  <xi:include href="`)
		_ = xml.EscapeText(&out, []byte(more)) // a buffer takes all
		out.WriteString("\"><xi:fallback/></xi:include>\n")
	}
	out.WriteString(`  <property>
    <name>hadoop.user.group.static.mapping.overrides</name>
    <value>${env.HADOOP_USER_NAME-${user.name}}=${env.AWS_ENDPOINT_URL_GLUE}</value>
  </property>
</configuration>
`)
	return out.Bytes()
}
