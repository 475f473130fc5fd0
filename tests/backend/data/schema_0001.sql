-- A database as the first release wrote it (schema 0001). Never changed: upgrades start from it.
BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE assets (
	id VARCHAR(64) NOT NULL, 
	session_id VARCHAR(64) NOT NULL, 
	number INTEGER NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	format VARCHAR(16) NOT NULL, 
	mime VARCHAR(64) NOT NULL, 
	path VARCHAR(255) NOT NULL, 
	size_bytes BIGINT NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	duration_s DOUBLE, 
	width_px INTEGER, 
	height_px INTEGER, 
	fps DOUBLE, 
	has_audio BOOLEAN NOT NULL, 
	created_at DOUBLE NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(session_id) REFERENCES sessions (id) ON DELETE CASCADE
);
INSERT INTO "assets" VALUES('ast_old','ses_old',1,'cat.png','image','png','image/png','files/ses_old/ast_old.png',123,'abcd',NULL,64,48,NULL,0,1700000000.0);
CREATE TABLE messages (
	id INTEGER NOT NULL, 
	session_id VARCHAR(64) NOT NULL, 
	role VARCHAR(16) NOT NULL, 
	text TEXT NOT NULL, 
	said_at DOUBLE NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(session_id) REFERENCES sessions (id) ON DELETE CASCADE
);
INSERT INTO "messages" VALUES(1,'ses_old','user','Add a title',1700000000.0);
INSERT INTO "messages" VALUES(2,'ses_old','model','Done.',1700000001.0);
CREATE TABLE renders (
	id VARCHAR(128) NOT NULL, 
	user_id VARCHAR(64) NOT NULL, 
	session_id VARCHAR(64) NOT NULL, 
	draft TEXT NOT NULL, 
	fingerprint VARCHAR(64) NOT NULL, 
	quality VARCHAR(16) NOT NULL, 
	status VARCHAR(16) NOT NULL, 
	progress DOUBLE NOT NULL, 
	error TEXT, 
	error_type VARCHAR(64), 
	path VARCHAR(255), 
	size_bytes BIGINT, 
	duration_s DOUBLE, 
	width_px INTEGER, 
	height_px INTEGER, 
	owner VARCHAR(64), 
	lease_until DOUBLE NOT NULL, 
	attempts INTEGER NOT NULL, 
	created_at DOUBLE NOT NULL, 
	finished_at DOUBLE, 
	PRIMARY KEY (id), 
	FOREIGN KEY(session_id) REFERENCES sessions (id) ON DELETE CASCADE
);
INSERT INTO "renders" VALUES('render_old','usr_local','ses_old','{"t":[]}','ffff','high','completed',100.0,NULL,NULL,'clips/ses_old/x-1.mp4',456,1.0,1920,1080,NULL,0.0,1,1700000000.0,1700000009.0);
CREATE TABLE sessions (
	id VARCHAR(64) NOT NULL, 
	task_id VARCHAR(64) NOT NULL, 
	user_id VARCHAR(64) NOT NULL, 
	task_name VARCHAR(200) NOT NULL, 
	language VARCHAR(35) NOT NULL, 
	created_at DOUBLE NOT NULL, 
	used_at DOUBLE NOT NULL, 
	expires_at DOUBLE NOT NULL, 
	timeline_version INTEGER NOT NULL, 
	place INTEGER NOT NULL, 
	lock_owner VARCHAR(64), 
	lock_until DOUBLE NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);
INSERT INTO "sessions" VALUES('ses_old','tsk_old','usr_local','An old lesson','en',1700000000.0,1700000000.0,4000000000.0,3,2,NULL,0.0);
CREATE TABLE tokens (
	hash VARCHAR(64) NOT NULL, 
	user_id VARCHAR(64) NOT NULL, 
	issued_at DOUBLE NOT NULL, 
	expires_at DOUBLE NOT NULL, 
	PRIMARY KEY (hash), 
	FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);
INSERT INTO "tokens" VALUES('feed','usr_a',1700000000.0,4000000000.0);
CREATE TABLE users (
	id VARCHAR(64) NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	client_hash VARCHAR(64), 
	credits_total INTEGER NOT NULL, 
	created_at DOUBLE NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (client_hash)
);
INSERT INTO "users" VALUES('usr_local','fixed',NULL,100,1700000000.0);
INSERT INTO "users" VALUES('usr_a','anonymous','aaaa',100,1700000000.0);
CREATE TABLE versions (
	session_id VARCHAR(64) NOT NULL, 
	place INTEGER NOT NULL, 
	draft TEXT NOT NULL, 
	made_at DOUBLE NOT NULL, 
	PRIMARY KEY (session_id, place), 
	FOREIGN KEY(session_id) REFERENCES sessions (id) ON DELETE CASCADE
);
INSERT INTO "versions" VALUES('ses_old',1,'{"t":[{"tt":7,"sg":[{"tx":"One","d":1000}]}]}',1700000000.0);
INSERT INTO "versions" VALUES('ses_old',2,'{"t":[{"tt":7,"sg":[{"tx":"Two","d":1000}]}]}',1700000001.0);
INSERT INTO "versions" VALUES('ses_old',3,'{"t":[{"tt":7,"sg":[{"tx":"Three","d":1000}]}]}',1700000002.0);
CREATE INDEX ix_tokens_user_id ON tokens (user_id);
CREATE INDEX ix_sessions_user_id ON sessions (user_id);
CREATE INDEX ix_sessions_expires_at ON sessions (expires_at);
CREATE INDEX ix_messages_session_id ON messages (session_id);
CREATE INDEX ix_assets_session_id ON assets (session_id);
CREATE INDEX ix_renders_user_id ON renders (user_id);
CREATE INDEX ix_renders_session_id ON renders (session_id);
CREATE INDEX ix_renders_status_created_at ON renders (status, created_at);
COMMIT;
