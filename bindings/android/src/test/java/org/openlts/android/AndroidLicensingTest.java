package org.openlts.android;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertNotNull;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertTrue;

import android.app.Activity;
import android.app.Application;
import android.os.Looper;
import java.io.File;
import java.nio.charset.StandardCharsets;
import org.junit.After;
import org.junit.Before;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;
import org.junit.runner.RunWith;
import org.openlts.ConnectionParameters;
import org.openlts.DeploymentType;
import org.openlts.Documentation;
import org.openlts.LTSException;
import org.openlts.License;
import org.openlts.LicenseTrackingServer;
import org.openlts.OperationType;
import org.openlts.Repository;
import org.openlts.StatusCode;
import org.robolectric.Robolectric;
import org.robolectric.RobolectricTestRunner;
import org.robolectric.RuntimeEnvironment;
import org.robolectric.android.controller.ActivityController;
import org.robolectric.annotation.Config;
import org.robolectric.shadows.ShadowLooper;

/** The binding in an Android app, against a real server. */
@RunWith(RobolectricTestRunner.class)
@Config(sdk = 34)
public class AndroidLicensingTest {
    private static final long PATIENCE_MILLISECONDS = 30000;

    @Rule public TemporaryFolder folder = new TemporaryFolder();
    private LicenseTrackingServer server;
    private Application application;

    @Before
    public void begin() throws Exception {
        server = new LicenseTrackingServer();
        application = RuntimeEnvironment.getApplication();
    }

    @After
    public void end() throws Exception {
        server.close();
    }

    private ConnectionParameters parameters() {
        ConnectionParameters parameters = AndroidLicensing.parameters(application);
        parameters.mainServerURL = server.url();
        parameters.handshakeCode = LicenseTrackingServer.READER;
        return parameters;
    }

    /** What a listener heard. */
    private static final class Heard implements LicenseListener {
        License license;
        LTSException error;
        int calls;

        @Override
        public void onAuthorized(License authorized) {
            license = authorized;
            heard();
        }

        @Override
        public void onRefused(LTSException refused) {
            error = refused;
            heard();
        }

        private void heard() {
            assertEquals(Looper.getMainLooper(), Looper.myLooper());
            calls++;
        }
    }

    /** Runs the main thread's queue until something came. */
    private static void await(Heard heard) throws InterruptedException {
        for (long end = System.currentTimeMillis() + PATIENCE_MILLISECONDS; heard.calls == 0;) {
            assertTrue("nothing was heard", System.currentTimeMillis() < end);
            Thread.sleep(10);
            ShadowLooper.idleMainLooper();
        }
    }

    private Heard open(ConnectionParameters parameters) throws InterruptedException {
        Heard heard = new Heard();
        AndroidLicensing.open(parameters, heard);
        assertEquals("the listener was called before open returned", 0, heard.calls);
        await(heard);
        assertEquals(1, heard.calls);
        return heard;
    }

    @Test
    public void parameters_are_the_apps() {
        ConnectionParameters parameters = AndroidLicensing.parameters(application);
        assertEquals(new File(application.getNoBackupFilesDir(), "openlts").getPath(), parameters.dataDirectory);
        assertEquals(application.getPackageName(), parameters.validationField);
        assertEquals(DeploymentType.MOBILE, parameters.deploymentType);
        assertFalse(parameters.deviceFriendlyName.isEmpty());
    }

    @Test
    public void long_names_are_cut_between_characters() {
        StringBuilder name = new StringBuilder();
        for (int i = 0; i < 100; i++) {
            name.appendCodePoint(0x1F600);
        }
        String cut = AndroidLicensing.cut(name.toString());
        assertEquals(252, cut.getBytes(StandardCharsets.UTF_8).length);
        assertEquals(63, cut.codePointCount(0, cut.length()));
    }

    @Test
    public void what_is_recorded_is_counted() throws Exception {
        Heard heard = open(parameters());
        assertNull(heard.error);
        assertNotNull(heard.license);
        heard.license.record(OperationType.QR_CODE, 3);
        assertEquals(StatusCode.OK, heard.license.close(10000));
        assertEquals(3, server.total());
        assertTrue(new File(application.getNoBackupFilesDir(), "openlts/device.json").exists());
    }

    /** The code of docs/android.md runs as it stands there, but for the server's address. */
    @Test
    public void the_guides_code_runs() throws Exception {
        String code = Documentation.blocks(Repository.ROOT.resolve("docs/android.md")).get("Use").get(0);
        DocumentationScope.context = application;
        DocumentationScope.application = application;
        Documentation.run(code.replace("https://lts.example.com", server.url()),
                "org.openlts.*;\nimport org.openlts.android.*;\nimport android.util.Log;\n"
                        + "import static org.openlts.android.DocumentationScope.*",
                folder.newFolder().toPath());
        for (long end = System.currentTimeMillis() + PATIENCE_MILLISECONDS; server.devices() != 1;) {
            assertTrue("the server was not asked", System.currentTimeMillis() < end);
            Thread.sleep(50);
        }
    }

    @Test
    public void a_refusal_is_heard() throws Exception {
        ConnectionParameters parameters = parameters();
        parameters.handshakeCode = "100001-nobody";
        Heard heard = open(parameters);
        assertNull(heard.license);
        assertEquals(StatusCode.HANDSHAKE_CODE_NOT_FOUND, heard.error.getStatus());
    }

    @Test
    public void usage_is_submitted_when_the_last_activity_stops() throws Exception {
        License license = open(parameters()).license;
        AndroidLicensing.submitOnStop(application, license);
        try (ActivityController<Activity> first = Robolectric.buildActivity(Activity.class);
                ActivityController<Activity> second = Robolectric.buildActivity(Activity.class)) {
            first.create().start().resume();
            second.create().start().resume();
            license.record(OperationType.QR_CODE, 2);
            first.pause().stop();
            second.pause().stop();
            for (long end = System.currentTimeMillis() + PATIENCE_MILLISECONDS; server.total() != 2;) {
                assertTrue("nothing was submitted", System.currentTimeMillis() < end);
                Thread.sleep(50);
            }
        } finally {
            license.close(0);
        }
    }
}
