CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO alembic_version VALUES('dc11669786a5');
CREATE TABLE IF NOT EXISTS "experiments" (
	experiment_id INTEGER NOT NULL, 
	name VARCHAR(256) NOT NULL, 
	artifact_location VARCHAR(256), 
	lifecycle_stage VARCHAR(32), 
	creation_time BIGINT, 
	last_update_time BIGINT, 
	workspace VARCHAR(63) DEFAULT 'default' NOT NULL, 
	CONSTRAINT experiment_pk PRIMARY KEY (experiment_id), 
	CONSTRAINT experiments_lifecycle_stage CHECK (lifecycle_stage IN ('active', 'deleted')), 
	CONSTRAINT uq_experiments_workspace_name UNIQUE (workspace, name)
);
INSERT INTO experiments VALUES(0,'Default','/srv/tracking/mlruns/0','active',1795386544481,1795386544481,'default');
INSERT INTO experiments VALUES(1,'claims','/srv/tracking/mlruns/1','active',1795386544500,1795386544500,'default');
CREATE TABLE IF NOT EXISTS "runs" (
	run_uuid VARCHAR(32) NOT NULL, 
	name VARCHAR(250), 
	source_type VARCHAR(20), 
	source_name VARCHAR(500), 
	entry_point_name VARCHAR(50), 
	user_id VARCHAR(256), 
	status VARCHAR(9), 
	start_time BIGINT, 
	end_time BIGINT, 
	source_version VARCHAR(50), 
	lifecycle_stage VARCHAR(20), 
	artifact_uri VARCHAR(200), 
	experiment_id INTEGER, deleted_time BIGINT, 
	CONSTRAINT run_pk PRIMARY KEY (run_uuid), 
	CONSTRAINT source_type CHECK (source_type IN ('NOTEBOOK', 'JOB', 'LOCAL', 'UNKNOWN', 'PROJECT')), 
	CONSTRAINT runs_lifecycle_stage CHECK (lifecycle_stage IN ('active', 'deleted')), 
	FOREIGN KEY(experiment_id) REFERENCES experiments (experiment_id), 
	CHECK (status IN ('SCHEDULED', 'FAILED', 'FINISHED', 'RUNNING', 'KILLED'))
);
INSERT INTO runs VALUES('90e336540c4640b8beb10d01f9c4faef','first','UNKNOWN','','','ana','FINISHED',1795386544782,1795386545003,'','active','/srv/tracking/mlruns/1/90e336540c4640b8beb10d01f9c4faef/artifacts',1,NULL);
INSERT INTO runs VALUES('a540a5ab43ff4ee7b18f27fdee22120f','second','UNKNOWN','','','ana','FINISHED',1795386545032,1795386545076,'','active','/srv/tracking/mlruns/1/a540a5ab43ff4ee7b18f27fdee22120f/artifacts',1,NULL);
INSERT INTO runs VALUES('526606764b624567b9d137c105b746de','broken','UNKNOWN','','','ana','FINISHED',1795386545100,1795386545168,'','active','/srv/tracking/mlruns/1/526606764b624567b9d137c105b746de/artifacts',1,NULL);
INSERT INTO runs VALUES('2fac32ee976d4a2d83ab2cf9747fca42','other','UNKNOWN','','','ana','FINISHED',1795386545188,1795386545236,'','active','/srv/tracking/mlruns/1/2fac32ee976d4a2d83ab2cf9747fca42/artifacts',1,NULL);
CREATE TABLE IF NOT EXISTS "metrics" (
	"key" VARCHAR(250) NOT NULL, 
	value FLOAT NOT NULL, 
	timestamp BIGINT NOT NULL, 
	run_uuid VARCHAR(32) NOT NULL, 
	step BIGINT DEFAULT '0' NOT NULL, 
	is_nan BOOLEAN DEFAULT '0' NOT NULL, 
	CONSTRAINT metric_pk PRIMARY KEY ("key", timestamp, step, run_uuid, value, is_nan), 
	FOREIGN KEY(run_uuid) REFERENCES runs (run_uuid), 
	CHECK (is_nan IN (0, 1))
);
INSERT INTO metrics VALUES('accuracy',0.8000000000000000444,1795386544868,'90e336540c4640b8beb10d01f9c4faef',0,0);
INSERT INTO metrics VALUES('accuracy',0.83333333333333337034,1795386544896,'90e336540c4640b8beb10d01f9c4faef',1,0);
INSERT INTO metrics VALUES('accuracy',0.86666666666666669627,1795386544916,'90e336540c4640b8beb10d01f9c4faef',2,0);
INSERT INTO metrics VALUES('val/loss',0.12345678901230000557,1795386544936,'90e336540c4640b8beb10d01f9c4faef',0,0);
INSERT INTO metrics VALUES('accuracy',0.5,1795386545056,'a540a5ab43ff4ee7b18f27fdee22120f',0,0);
INSERT INTO metrics VALUES('loss',1.0,1795386545123,'526606764b624567b9d137c105b746de',0,0);
INSERT INTO metrics VALUES('loss',0.0,1795386545148,'526606764b624567b9d137c105b746de',1,1);
INSERT INTO metrics VALUES('accuracy',0.9000000000000000222,1795386545213,'2fac32ee976d4a2d83ab2cf9747fca42',0,0);
CREATE TABLE IF NOT EXISTS "params" (
	"key" VARCHAR(250) NOT NULL, 
	value VARCHAR(8000) NOT NULL, 
	run_uuid VARCHAR(32) NOT NULL, 
	CONSTRAINT param_pk PRIMARY KEY ("key", run_uuid), 
	FOREIGN KEY(run_uuid) REFERENCES runs (run_uuid)
);
INSERT INTO params VALUES('learning_rate','0.001','90e336540c4640b8beb10d01f9c4faef');
INSERT INTO params VALUES('nested/depth','3','90e336540c4640b8beb10d01f9c4faef');
CREATE TABLE IF NOT EXISTS "tags" (
	"key" VARCHAR(250) NOT NULL, 
	value VARCHAR(8000), 
	run_uuid VARCHAR(32) NOT NULL, 
	CONSTRAINT tag_pk PRIMARY KEY ("key", run_uuid), 
	FOREIGN KEY(run_uuid) REFERENCES runs (run_uuid)
);
INSERT INTO tags VALUES('mlflow.user','ana','90e336540c4640b8beb10d01f9c4faef');
INSERT INTO tags VALUES('mlflow.source.name','gen.py','90e336540c4640b8beb10d01f9c4faef');
INSERT INTO tags VALUES('mlflow.source.type','LOCAL','90e336540c4640b8beb10d01f9c4faef');
INSERT INTO tags VALUES('roadworthy.system','desk','90e336540c4640b8beb10d01f9c4faef');
INSERT INTO tags VALUES('mlflow.runName','first','90e336540c4640b8beb10d01f9c4faef');
INSERT INTO tags VALUES('mlflow.user','ana','a540a5ab43ff4ee7b18f27fdee22120f');
INSERT INTO tags VALUES('mlflow.source.name','gen.py','a540a5ab43ff4ee7b18f27fdee22120f');
INSERT INTO tags VALUES('mlflow.source.type','LOCAL','a540a5ab43ff4ee7b18f27fdee22120f');
INSERT INTO tags VALUES('mlflow.runName','second','a540a5ab43ff4ee7b18f27fdee22120f');
INSERT INTO tags VALUES('mlflow.user','ana','526606764b624567b9d137c105b746de');
INSERT INTO tags VALUES('mlflow.source.name','gen.py','526606764b624567b9d137c105b746de');
INSERT INTO tags VALUES('mlflow.source.type','LOCAL','526606764b624567b9d137c105b746de');
INSERT INTO tags VALUES('mlflow.runName','broken','526606764b624567b9d137c105b746de');
INSERT INTO tags VALUES('mlflow.user','ana','2fac32ee976d4a2d83ab2cf9747fca42');
INSERT INTO tags VALUES('mlflow.source.name','gen.py','2fac32ee976d4a2d83ab2cf9747fca42');
INSERT INTO tags VALUES('mlflow.source.type','LOCAL','2fac32ee976d4a2d83ab2cf9747fca42');
INSERT INTO tags VALUES('roadworthy.system','loans','2fac32ee976d4a2d83ab2cf9747fca42');
INSERT INTO tags VALUES('mlflow.runName','other','2fac32ee976d4a2d83ab2cf9747fca42');
CREATE TABLE inputs (
	input_uuid VARCHAR(36) NOT NULL, 
	source_type VARCHAR(36) NOT NULL, 
	source_id VARCHAR(36) NOT NULL, 
	destination_type VARCHAR(36) NOT NULL, 
	destination_id VARCHAR(36) NOT NULL, step BIGINT DEFAULT '0' NOT NULL, 
	CONSTRAINT inputs_pk PRIMARY KEY (source_type, source_id, destination_type, destination_id)
);
INSERT INTO inputs VALUES('eeb5cf3ef8ca42e197ef01411f24fdd0','DATASET','0927db7e1a8f4a728fb3da197dac8594','RUN','90e336540c4640b8beb10d01f9c4faef',0);
CREATE TABLE input_tags (
	input_uuid VARCHAR(36) NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	value VARCHAR(500) NOT NULL, 
	CONSTRAINT input_tags_pk PRIMARY KEY (input_uuid, name)
);
INSERT INTO input_tags VALUES('eeb5cf3ef8ca42e197ef01411f24fdd0','mlflow.data.context','training');
CREATE TABLE IF NOT EXISTS "datasets" (
	dataset_uuid VARCHAR(36) NOT NULL, 
	experiment_id INTEGER NOT NULL, 
	name VARCHAR(500) NOT NULL, 
	digest VARCHAR(36) NOT NULL, 
	dataset_source_type VARCHAR(36) NOT NULL, 
	dataset_source TEXT NOT NULL, 
	dataset_schema TEXT, 
	dataset_profile TEXT, 
	CONSTRAINT dataset_pk PRIMARY KEY (experiment_id, name, digest), 
	CONSTRAINT fk_datasets_experiment_id_experiments FOREIGN KEY(experiment_id) REFERENCES experiments (experiment_id) ON DELETE CASCADE
);
INSERT INTO datasets VALUES('0927db7e1a8f4a728fb3da197dac8594',1,'letters','e19f0b95','local','{"uri": "letters.csv"}','{"mlflow_colspec": [{"type": "string", "name": "text", "required": true}, {"type": "string", "name": "label", "required": true}]}','{"num_rows": 2, "num_elements": 4}');
CREATE TABLE IF NOT EXISTS "registered_models" (
	name VARCHAR(256) NOT NULL, 
	creation_time BIGINT, 
	last_updated_time BIGINT, 
	description VARCHAR(5000), 
	workspace VARCHAR(63) DEFAULT 'default' NOT NULL, 
	CONSTRAINT registered_model_pk PRIMARY KEY (workspace, name)
);
INSERT INTO registered_models VALUES('sorter',1795386545278,1795386545327,NULL,'default');
CREATE TABLE IF NOT EXISTS "registered_model_aliases" (
	alias VARCHAR(256) NOT NULL, 
	version INTEGER NOT NULL, 
	name VARCHAR(256) NOT NULL, 
	workspace VARCHAR(63) DEFAULT 'default' NOT NULL, 
	CONSTRAINT registered_model_alias_pk PRIMARY KEY (workspace, name, alias), 
	CONSTRAINT fk_registered_model_aliases_registered_models FOREIGN KEY(workspace, name) REFERENCES registered_models (workspace, name) ON DELETE CASCADE ON UPDATE CASCADE
);
INSERT INTO registered_model_aliases VALUES('champion',1,'sorter','default');
CREATE TABLE IF NOT EXISTS "model_versions" (
	name VARCHAR(256) NOT NULL, 
	version INTEGER NOT NULL, 
	creation_time BIGINT, 
	last_updated_time BIGINT, 
	description VARCHAR(5000), 
	user_id VARCHAR(256), 
	current_stage VARCHAR(20), 
	source VARCHAR(500), 
	run_id VARCHAR(32), 
	status VARCHAR(20), 
	status_message VARCHAR(500), 
	run_link VARCHAR(500), 
	storage_location VARCHAR(500), 
	workspace VARCHAR(63) DEFAULT 'default' NOT NULL, 
	CONSTRAINT model_version_pk PRIMARY KEY (workspace, name, version), 
	CONSTRAINT fk_model_versions_registered_models FOREIGN KEY(workspace, name) REFERENCES registered_models (workspace, name) ON UPDATE CASCADE
);
INSERT INTO model_versions VALUES('sorter',1,1795386545327,1795386545327,NULL,NULL,'None','/srv/tracking/mlruns/1/90e336540c4640b8beb10d01f9c4faef/artifacts/model','90e336540c4640b8beb10d01f9c4faef','READY',NULL,NULL,'/srv/tracking/mlruns/1/90e336540c4640b8beb10d01f9c4faef/artifacts/model','default');
CREATE TABLE IF NOT EXISTS "model_version_tags" (
	"key" VARCHAR(250) NOT NULL, 
	value TEXT, 
	name VARCHAR(256) NOT NULL, 
	version INTEGER NOT NULL, 
	workspace VARCHAR(63) DEFAULT 'default' NOT NULL, 
	CONSTRAINT model_version_tag_pk PRIMARY KEY (workspace, "key", name, version), 
	CONSTRAINT fk_model_version_tags_model_versions FOREIGN KEY(workspace, name, version) REFERENCES model_versions (workspace, name, version) ON UPDATE CASCADE
);
INSERT INTO model_version_tags VALUES('checked','yes','sorter',1,'default');
