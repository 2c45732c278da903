package spark

// Installed is the version of Spark that Install installs; it stands in for those of
// Glue 3.0 to 5.1.
const Installed = "3.5.6"

// pythonPackages are pinned to what Glue 5 has, beside the newest boto3 that pip
// finds, which must obey endpoint variables.
var pythonPackages = []string{
	"pyspark==" + Installed, "boto3>=1.34", "numpy==1.26.4", "pandas==2.2.3", "pyarrow==17.0.0",
}

// jar is a file of a Maven repository.
type jar struct {
	group, artifact, version, sha256 string
}

func (j jar) file() string { return j.artifact + "-" + j.version + ".jar" }

func (j jar) coordinates() string { return j.group + ":" + j.artifact + ":" + j.version }

// baseJars are what every runtime has: S3 with the parts of the AWS SDK that it uses
// rather than the bundle of all services, Avro and PostgreSQL.
var baseJars = []jar{
	{"org.apache.hadoop", "hadoop-aws", "3.3.4", "53f9ae03c681a30a50aa17524bd9790ab596b28481858e54efd989a826ed3a4a"},
	{"com.amazonaws", "aws-java-sdk-core", "1.12.262", "06fed99f929c389e168278c1b111aaf1afb270d07202fbbce92e73d1e4279678"},
	{"com.amazonaws", "aws-java-sdk-s3", "1.12.262", "a0cb7580178bc0d4d3558295a5bb890008478da8a6b3241989c71238b0ed3be5"},
	{"com.amazonaws", "aws-java-sdk-kms", "1.12.262", "c00f5ae7b334255f661d85512e7203af9523a04fb65d0c431c2eea2003ed8ae2"},
	{"com.amazonaws", "aws-java-sdk-sts", "1.12.262", "659f48d8ebc02025c5042cc4b925f62610e81f334498f1b9e7a271ce20ecbcae"},
	{"com.amazonaws", "aws-java-sdk-dynamodb", "1.12.262", "7af4ba06d0d9b3c2ab435089caecd0567810d203aa285f7aa72861f1964d442e"},
	{"com.amazonaws", "jmespath-java", "1.12.262", "9001ea993a45d82a2d3086edcbda8a40b4e012d049a70fbf071fd329c0fbd777"},
	{"org.apache.spark", "spark-avro_2.12", Installed, "933ab859ec96aca9b4628b26e1b9ac4e67156f38f6936fb495d7df1486f6ee24"},
	{"org.postgresql", "postgresql", "42.7.4", "188976721ead8e8627eb6d8389d500dccc0c9bebd885268a3047180274a6031e"},
}

// formatJars are the jars of the table formats that Install adds when asked, in the
// versions of Glue 5.1.
var formatJars = map[string][]jar{
	"delta": {
		{"io.delta", "delta-spark_2.12", "3.3.2", "4e92085d5d794cf949c50bb665b91384857cad58680c2d0bfc9c7ad353e98e85"},
		{"io.delta", "delta-storage", "3.3.2", "c096975a2ca97ccc9b4005aa5cce16c9ac3903139d340da6665b66ace67d7c36"},
	},
	"hudi": {
		{"org.apache.hudi", "hudi-spark3.5-bundle_2.12", "1.0.2", "2c2ab65a11e91265e4b7346f954448c46df52d66fb72f52dad83767b621deae8"},
	},
	"iceberg": {
		{"org.apache.iceberg", "iceberg-spark-runtime-3.5_2.12", "1.10.0", "70f9471870b2d456167d703c829f098a446b86bb1379eee338c0efa03a341026"},
		{"org.apache.iceberg", "iceberg-aws-bundle", "1.10.0", "172370cfc32a5f1ae5399b210e86fc04a366dc29a112d97ac8ffc74df7525596"},
	},
}
